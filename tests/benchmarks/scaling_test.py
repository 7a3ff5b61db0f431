"""The cost model of several replicas, by hand."""

import pytest

from benchmarks import scaling
from tests.gans import tiny


def test_one_replica_exchanges_nothing():
  assert scaling.exchange_seconds(1, 100, 10.0, 3, 1.0) == 0.0


def test_a_ring_of_four_sends_a_byte_one_and_a_half_times():
  # 6 hops of a quarter of the bytes each, and the delay of 6 hops twice.
  assert scaling.exchange_seconds(4, 100, 10.0, 2, 0.5) == pytest.approx(
    1.5 * 100 / 10.0 + 2 * 6 * 0.5
  )


def test_efficiency_is_the_share_of_computing():
  assert scaling.efficiency(3.0, 1.0) == 0.75


def test_every_update_sums_its_gradients():
  gan = tiny.gan(disc_iters=3)
  d, g = (
    sum(v.numpy().size for v in network.trainable_variables)
    for network in (gan.discriminator, gan.generator)
  )
  assert scaling.bytes_per_step(gan) == (4 * (3 * d + g), 4)
