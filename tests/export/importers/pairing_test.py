"""What is refused because it would not be equal, and what makes it equal."""

import gin
import numpy as np
import pytest

from tests.export.importers import cases

pytestmark = pytest.mark.versions("plans networks")


@pytest.mark.parametrize(
  "case, binding, words",
  [
    (
      "biggan_pytorch/G",
      "standardize_batch.epsilon = 1e-3",
      "add 0.001 .* the file's 1e-05.* Set standardize_batch.epsilon = 1e-05",
    ),
    (
      "biggan_pytorch/G",
      'G.upsampling = "unpool"',
      'Set G.upsampling = "nearest"',
    ),
    (
      "biggan_pytorch/G",
      'resnet_biggan.Generator.blocks_with_attention = "B1"',
      'blocks_with_attention = "B2"',
    ),
    (
      "biggan_pytorch/G",
      'non_local_block.pooling = "average"',
      'non_local_block.pooling = "max"',
    ),
    ("biggan_pytorch/G", "G.spectral_norm = False", "G.spectral_norm = True"),
    (
      "biggan_pytorch/G",
      "conditional_batch_norm.use_bias = False",
      "conditional_batch_norm.use_bias = True",
    ),
    (
      "biggan_pytorch/G",
      "spectral_norm.power_iteration_rounds = 2",
      "spectral_norm.power_iteration_rounds = 1",
    ),
    (
      "biggan_pytorch/G",
      'spectral_norm.singular_value = "left"',
      'spectral_norm.singular_value = "right"',
    ),
    (
      "biggan_pytorch/G",
      "resnet_biggan.Generator.embed_y_dim = 5",
      r"gives \[3, 4\], and generator/embed_y/kernel is \[3, 5\]",
    ),
    (
      "biggan_pytorch/G",
      "resnet_biggan.Generator.embed_z = True",
      "nothing for generator/embed_z/kernel",
    ),
    (
      "studiogan/resnet_G",
      "G.weight_norm = True",
      "G.kernel_fn and G.weight_norm to their defaults",
    ),
    (
      "biggan_pytorch/D",
      "spectral_norm.iterate_in_eval = True",
      "spectral_norm.iterate_in_eval = False, which keeps both",
    ),
    (
      "biggan_pytorch/D",
      "resnet_biggan.Discriminator.papers_pixels = False",
      "resnet_biggan.Discriminator.papers_pixels = True",
    ),
    (
      "biggan_pytorch/D",
      'resnet_biggan.Discriminator.shortcuts = "relu"',
      'resnet_biggan.Discriminator.shortcuts = "identity"',
    ),
    (
      "biggan_pytorch/D",
      "resnet_biggan.Discriminator.halvings = 3",
      "resnet_biggan.Discriminator.halvings = 2",
    ),
    (
      "studiogan/G",
      "spectral_norm.iterate_in_eval = True",
      "the last training step. Set spectral_norm.iterate_in_eval = False",
    ),
    (
      "studiogan/dcgan_G",
      "sndcgan.Generator.first_norm = True",
      "sndcgan.Generator.first_norm = False",
    ),
    ("mimicry/G", 'G.upsampling = "nearest"', 'G.upsampling = "bilinear"'),
    (
      "mimicry/G",
      "G.batch_norm_fn = @no_batch_norm",
      "has no variable generator/B1/bn1/gamma",
    ),
  ],
)
def test_other_formula_is_refused_with_its_binding(
  case, binding, words, tmp_path
):
  gin.parse_config(cases.CASES[case][0])
  gin.parse_config(binding)
  with pytest.raises(ValueError, match=words):
    cases.pair(case, tmp_path)


def test_tensor_without_a_place_is_refused(tmp_path):
  gin.parse_config(cases.CASES["mimicry/G"][0])

  def change(arrays):
    return {**arrays, "extra.weight": np.zeros([2, 2], np.float32)}

  with pytest.raises(ValueError, match="no place for extra.weight, 1 tensors"):
    cases.pair("mimicry/G", tmp_path, change)


def test_missing_tensor_is_named(tmp_path):
  gin.parse_config(cases.CASES["mimicry/G"][0])

  def change(arrays):
    return {n: array for n, array in arrays.items() if n != "block3.c2.bias"}

  with pytest.raises(ValueError, match="The file has no block3.c2.bias"):
    cases.pair("mimicry/G", tmp_path, change)


def test_other_epsilon_is_accepted_if_it_is_the_files(tmp_path):
  gin.parse_config(cases.CASES["mimicry/G"][0])
  gin.parse_config("standardize_batch.epsilon = 1e-3")
  assert cases.pair("mimicry/G", tmp_path, epsilon=1e-3).rows


def test_left_out_tensors_have_a_reason(tmp_path):
  gin.parse_config(cases.CASES["biggan_pytorch/G"][0])
  pairing = cases.pair("biggan_pytorch/G", tmp_path)
  assert pairing.training_only["linear.sv0"] == (
    "the singular value of the last training step"
  )


def test_accumulators_hold_the_moments_of_one_batch(tmp_path):
  gin.parse_config(cases.CASES["mimicry/G"][0])
  gin.parse_config("standardize_batch.use_moving_averages = False")
  pairing = cases.pair("mimicry/G", tmp_path)
  scope = "generator/final_norm/accu"
  mean = cases.arrays("mimicry/G")["b5.running_mean"]
  np.testing.assert_array_equal(pairing.value(f"{scope}/accu_mean"), mean)
  assert pairing.value(f"{scope}/accu_counter") == 1.0
