"""Terms in every way that a step can be made."""

import gin
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tapes, tf.cond and replicas make a step")

_ALL = """
penalty.terms = [@r1/term(), @bcr/term(), @lecam/term(), @lazy/term()]
r1/term.fn = @r1
r1/term.weight = 0.1
bcr/term.fn = @bcr
bcr/term.weight = 10.0
lecam/term.fn = @lecam
lecam/term.weight = 0.3
lazy/term.fn = @r2
lazy/term.weight = 0.2
lazy/term.interval = 2
"""


def _train(gan, steps, function=True):
  step = gan.train_step
  if function:
    step = tf.function(gan.train_step, autograph=False)
  out = []
  for _ in range(steps):
    out.append(
      {
        k: float(v)
        for k, v in step(tiny.batches(gan.batches_per_step, size=4)).items()
      }
    )
  return out


def test_x():
  gin.parse_config(_ALL)
  gan = tiny.gan(batch_size=4)
  for row in _train(gan, 3):
    print(row)
  gan2 = tiny.gan(batch_size=4)
  for row in _train(gan2, 3, False):
    print(row)
  gan2 = tiny.gan(batch_size=4, micro_batches=2)
  for row in _train(gan2, 3):
    print(row)
