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


def test_labels_beyond_the_logits_are_refused():
  for labels in ([0, 1, 3], [-1, 0, 1]):
    with pytest.raises(ValueError, match="fake_logits has 3 classes, but"):
      conditional_accuracy(np.eye(3), np.array(labels))


def test_logits_of_another_number_of_classes_are_refused():
  assert conditional_accuracy(np.eye(3), np.arange(3), num_classes=3)
  with pytest.raises(ValueError, match="fake_logits has 3 classes.*of 2"):
    conditional_accuracy(np.eye(3), np.array([0, 1, 0]), num_classes=2)


def test_one_label_for_each_row():
  with pytest.raises(ValueError, match=r"fake_labels has shape \(2,\)"):
    conditional_accuracy(np.eye(3), np.array([0, 1]))
