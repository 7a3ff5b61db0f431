"""Accuracy on the classes that were asked for, by hand."""

from compare_gan.metrics.conditional_accuracy import conditional_accuracy
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_LABELS = np.array([0, 0, 1, 1, 2])


def _scores(predicted):
  return conditional_accuracy(np.eye(3)[predicted], _LABELS)


def test_shares_of_right_answers():
  scores = _scores([0, 1, 1, 1, 2])
  assert scores["conditional_accuracy"] == pytest.approx(4 / 5)
  assert scores["conditional_accuracy_worst_class"] == pytest.approx(1 / 2)


def test_images_of_the_wrong_class_score_worse():
  right, wrong = _scores(_LABELS), _scores((_LABELS + 1) % 3)
  assert right == {
    "conditional_accuracy": 1.0,
    "conditional_accuracy_worst_class": 1.0,
  }
  assert wrong["conditional_accuracy"] == 0.0


def test_nan_is_refused():
  with pytest.raises(ValueError):
    conditional_accuracy(np.full([5, 3], np.nan), _LABELS)
