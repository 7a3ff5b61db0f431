"""Images become the sets that metrics need."""

from compare_gan.evaluation import sets
import numpy as np
import pytest

_BATCHES = [np.full([2, 4, 4, 1], 0.2), np.full([1, 4, 4, 1], 0.6)]


def test_only_what_is_needed_is_kept():
  collector = sets.Collector({"fake_images"}, None)
  found = collector.collect("fake", _BATCHES, 3, None)
  assert list(found) == ["fake_images"]
  assert list(found["fake_images"][:, 0, 0, 0]) == [51, 51, 153]
  assert not sets.Collector(set(), None).collect("fake", _BATCHES, 3, None)


def test_labels_come_along():
  found = sets.Collector(set(), None).collect("real", _BATCHES, 3, [2, 0, 1])
  assert list(found["real_labels"]) == [2, 0, 1]


def test_pixels_that_are_no_numbers_are_refused():
  collector = sets.Collector(set(), None)
  with pytest.raises(sets.NotFinite, match="NaN or infinity in train images"):
    collector.collect("train", [np.full([1, 4, 4, 1], np.nan)], 1, None)
