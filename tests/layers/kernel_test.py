"""A kernel as it is, and the choice between it and its normalised kin."""

from compare_gan.context import scope
from compare_gan.layers import initializers
from compare_gan.layers import kernel
from compare_gan.layers.spectral_norm import SpectralNorm
from compare_gan.layers.weight_norm import WeightNorm
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("TensorFlow's ops compute a layer")


@pytest.mark.parametrize("is_training", [True, False])
def test_a_kernel_is_its_variable(is_training):
  with scope.scope("conv"):
    made = kernel.Kernel([3, 3, 2, 4])
  [v] = made.trainable_variables
  assert scope.full_name(v) == "conv/kernel"
  assert v.shape == [3, 3, 2, 4]
  np.testing.assert_array_equal(made(is_training), v)


@pytest.mark.parametrize("kernel_fn", [kernel.Kernel, SpectralNorm, WeightNorm])
def test_kernels_start_as_gin_says(kernel_fn):
  gin.bind_parameter("weights.initializer", "orthogonal")
  w = kernel_fn([6, 4]).variables[0].numpy()
  np.testing.assert_allclose(w.T @ w, np.eye(4), atol=1e-6)


@pytest.mark.parametrize("kernel_fn", [kernel.Kernel, SpectralNorm, WeightNorm])
def test_a_layers_own_initialiser_comes_before_gins(kernel_fn):
  w = kernel_fn([6, 4], initializers.constant(3.0)).variables[0].numpy()
  np.testing.assert_array_equal(w, np.full([6, 4], 3.0))


@pytest.mark.parametrize(
  "spectral_norm, weight_norm, expected",
  [
    (False, False, kernel.Kernel),
    (True, False, SpectralNorm),
    (False, True, WeightNorm),
  ],
)
def test_the_norm_chooses_the_kernel(spectral_norm, weight_norm, expected):
  assert kernel.choose(spectral_norm, weight_norm, "D") is expected


def test_two_norms_of_one_kernel_are_refused():
  with pytest.raises(ValueError) as error:
    kernel.choose(True, True, "D")
  assert "D.spectral_norm and D.weight_norm" in str(error.value)


def test_two_ways_to_write_a_kernel_are_refused():
  with pytest.raises(ValueError, match=r"D\.weight_norm = True and D\.kernel"):
    kernel.choose(False, True, "D", kernel.Kernel)


def test_two_spectral_norms_are_refused():
  with pytest.raises(ValueError, match="divide each kernel twice"):
    kernel.choose(True, False, "D", SpectralNorm)
