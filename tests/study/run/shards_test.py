"""Parts of a study."""

from compare_gan.study.run import shards
import pytest


@pytest.mark.parametrize("text", ["2/2", "1", "a/b", "-1/2"])
def test_a_shard_is_i_of_n(text):
  with pytest.raises(ValueError, match="--shard=0/2"):
    shards.parse(text)
  assert shards.parse("1/3") == (1, 3)


def test_each_run_is_in_one_shard():
  for run_id in ("4e18a55cb01471bd", "3e485926a7e7ee20"):
    parts = [shards.Shard(number, 3) for number in range(3)]
    assert sum(shards.is_in(run_id, part) for part in parts) == 1
    assert shards.is_in(run_id, None)


def test_a_run_stays_in_its_shard():
  """Machines with different versions must not do the same run."""
  assert shards.number_of("4e18a55cb01471bd", 7) == 6
