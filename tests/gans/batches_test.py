"""Which update of a step gets which batch."""

from compare_gan.gans import batches
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("a step is made of these batches")


def _options(**chosen):
  return tiny.chosen_options(disc_iters=2, **chosen)


@pytest.mark.parametrize(
  "d_batches,unrolled,count",
  [
    ("fresh", False, 2),
    ("fresh", True, 3),
    ("same", False, 1),
    ("same", True, 2),
  ],
)
def test_batches_of_a_step(d_batches, unrolled, count):
  assert batches.per_step(_options(d_batches=d_batches), unrolled) == count


@pytest.mark.parametrize(
  "d_batches,unrolled,given,of_d,of_g",
  [
    ("fresh", False, "ab", ["a0", "b1"], "b1"),
    ("fresh", True, "abc", ["a0", "b1"], "c2"),
    ("same", False, "a", ["a0", "a1"], "a1"),
    ("same", True, "ab", ["a0", "a1"], "b2"),
  ],
)
def test_who_gets_which(d_batches, unrolled, given, of_d, of_g):
  """Each is sampled once; G shares D's last one unless it has its own."""
  found = batches.for_updates(
    list(given),
    _options(d_batches=d_batches),
    unrolled,
    lambda batch, i: f"{batch}{i}",
  )
  assert found == (of_d, of_g)
