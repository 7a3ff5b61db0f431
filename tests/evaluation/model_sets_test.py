"""Latents and labels that a model is scored with."""

from compare_gan.evaluation import model_sets
import gin
import numpy as np
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("stateless random ops draw it")


def test_truncated_latents_stay_inside():
  z, labels = model_sets.latents(tiny.gan(), 1000, 1, truncation=0.5)
  assert z.shape == (1000, tiny.Z_DIM) and labels is None
  assert 0.49 < np.abs(z).max() < 0.5
  # Nearly uniform, whose deviation is 0.5 / sqrt(3).
  assert np.std(z) == pytest.approx(0.284, abs=0.01)


def test_labels_are_drawn_from_all_classes():
  gin.bind_parameter("ModularGAN.conditional", True)
  z, labels = model_sets.latents(tiny.gan(), 600, 1)
  counts = np.bincount(labels)
  assert counts.shape == (3,) and counts.min() > 150
