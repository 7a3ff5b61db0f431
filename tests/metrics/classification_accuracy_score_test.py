"""Classification accuracy score: trained on fakes, tested on real images."""

from compare_gan.metrics import classification_accuracy_score as cas
import numpy as np
import pytest

from tests.features import tiny

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _real(n=200):
  images, labels = tiny.Corners().load("train")
  return images[:n], labels[:n]


def _fakes():
  images, labels = tiny.Corners(noise=1).load("train")
  return images, labels


def _score(images, labels, **settings):
  return cas.classification_accuracy_score(*_real(), images, labels, **settings)


def test_good_fakes_teach_the_classes():
  scores = _score(*_fakes())
  assert scores["classification_accuracy_score"] > 0.95
  assert scores["classification_accuracy_score_worst"] > 0.9


def test_wrong_labels_score_worse():
  images, labels = _fakes()
  rng = np.random.RandomState(0)
  scores = []
  for share in (0.0, 0.7, 1.0):
    wrong = rng.rand(len(labels)) < share
    mixed = np.where(wrong, rng.permutation(labels), labels)
    scores.append(_score(images, mixed)["classification_accuracy_score"])
  assert scores[0] > scores[1] > scores[2]


def test_a_lost_class_is_seen():
  images, labels = _fakes()
  kept = labels != 2
  scores = _score(images[kept], labels[kept])
  assert scores["classification_accuracy_score"] == pytest.approx(
    0.75, abs=0.05
  )
  assert scores["classification_accuracy_score_worst"] == 0.0


def test_a_classifier_of_ones_own():
  def train(images, labels, num_classes):
    assert (len(images), num_classes) == (200, 4)
    return lambda images: np.ones(len(images), int)

  scores = _score(*_fakes(), train=train)
  assert scores["classification_accuracy_score"] == 0.25


def test_labels_are_needed():
  images, labels = _fakes()
  for wrong in (labels[:5], labels - 1):
    with pytest.raises(ValueError, match="each need a label of 0 or more"):
      _score(images, wrong)
