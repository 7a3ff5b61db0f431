"""Which passes of D an update makes, and that they change no result."""

from compare_gan.architectures.abstract_arch import AbstractDiscriminator
from compare_gan.context import graphs
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("graphs, and gradients of gradients")

_SMALL = """
  sndcgan.Generator.ch = 2
  sndcgan.Discriminator.ch = 2
  D.spectral_norm = True
  ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
  ModularGAN.g_lr = 0.1
  penalty.fn = @no_penalty
"""
_R1 = """
  penalty.terms = [@r1/term()]
  r1/term.fn = @r1
  r1/term.weight = 4.0
"""
_OLD_R1 = """
  penalty.fn = @r1_penalty
"""
_IMAGES = 2
_DATASET = DatasetShape((16, 16, 3), 2)


def _gan(lines, architecture="sndcgan_arch"):
  gin.parse_config(_SMALL + lines)
  return tiny.gan(
    architecture=architecture,
    dataset=_DATASET,
    batch_size=_IMAGES,
  )


def _batches(gan):
  return tiny.batches(gan.batches_per_step, _DATASET)


def _after_two_steps(lines):
  gan = _gan(lines)
  for _ in range(2):  # The second begins with a state that the first left.
    scalars = gan.train_step(_batches(gan))
  scalars = {name: value.numpy() for name, value in scalars.items()}
  return scalars, tiny.values(gan.discriminator), tiny.values(gan.generator)


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic_paired"])
@pytest.mark.parametrize(
  "terms", ["", _R1, _OLD_R1], ids=["plain", "r1", "r1_penalty"]
)
def test_passes_of_their_own_give_what_one_pass_gives(loss, terms, monkeypatch):
  lines = f"loss.fn = @{loss}\n{terms}"
  apart = _after_two_steps(lines)
  monkeypatch.setattr(AbstractDiscriminator, "scores_alone", False)
  joint = _after_two_steps(lines)
  for ours, wanted in zip(apart, joint):
    assert ours.keys() == wanted.keys()
    for name, value in wanted.items():
      np.testing.assert_allclose(
        ours[name], value, rtol=1e-4, atol=1e-6, err_msg=name
      )


def _scored(lines, architecture="sndcgan_arch"):
  """Returns how many images each pass of D has that a step makes."""
  gan = _gan(lines, architecture)
  step = tf.function(gan.train_step, autograph=False)
  graph = step.get_concrete_function(_batches(gan)).graph
  return sorted(
    op.outputs[0].shape[0]
    for op in graphs.reachable(graph)
    # Of D's first layer: 3 channels to 2. Slopes of slopes are no passes.
    if op.type == "Conv2D"
    and op.inputs[1].shape.as_list()[2:] == [3, 2]
    and "gradient" not in op.name
  )


def test_an_update_of_g_scores_fakes_alone():
  assert _scored("loss.fn = @non_saturating") == [_IMAGES, 2 * _IMAGES]


def test_a_class_head_needs_only_fakes_in_an_update_of_g():
  lines = """
    loss.fn = @non_saturating
    ModularGAN.conditional = True
    ModularGAN.class_head = @ac_head
    G.batch_norm_fn = @conditional_batch_norm
  """
  assert _scored(lines) == [_IMAGES, 2 * _IMAGES]


def test_an_update_of_g_scores_real_images_if_its_loss_reads_them():
  found = _scored("loss.fn = @relativistic_paired")
  assert found == [_IMAGES, _IMAGES, 2 * _IMAGES]


@pytest.mark.parametrize("terms", [_R1, _OLD_R1], ids=["r1", "r1_penalty"])
def test_r1_has_slopes_of_the_pass_of_real_images(terms):
  assert _scored("loss.fn = @non_saturating" + terms) == [_IMAGES] * 3


_COUPLED = """
  loss.fn = @non_saturating
  dcgan.Discriminator.ch = 2
  D.spectral_norm = False
  D.batch_norm_fn = @batch_norm
"""


def test_images_that_batch_norm_couples_stay_in_one_pass():
  assert _scored(_COUPLED, "dcgan_arch") == [2 * _IMAGES] * 2


def test_r1_penalty_keeps_real_images_from_fakes_that_batch_norm_couples():
  found = _scored(_COUPLED + _OLD_R1, "dcgan_arch")
  assert found == [_IMAGES, 2 * _IMAGES, 2 * _IMAGES]
