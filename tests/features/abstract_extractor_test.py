"""What every extractor gets from its base class."""

from compare_gan.features import abstract_extractor
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")


class _Means(abstract_extractor.AbstractExtractor):
  name = "means"
  batch_size = 4

  def __init__(self, with_logits=True):
    self.sizes = []
    self.tf32 = None
    self._with_logits = with_logits

  def identity(self):
    return abstract_extractor.digest(self.name)

  def extract(self, images):
    self.sizes.append(len(images))
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    self.tf32 = enabled()
    means = tf.reduce_mean(images, axis=[1, 2], keepdims=True)
    return means, means[:, 0, 0] if self._with_logits else None


def _images(n=10):
  return np.random.RandomState(0).rand(n, 2, 2, 3).astype(np.float32)


def test_any_number_of_images_comes_out_in_order_as_float64_rows():
  images, means = _images(), _Means()
  found = means(images)
  assert means.sizes == [4, 4, 2]
  assert found.features.shape == (10, 3)  # of [n, 1, 1, 3]
  assert found.features.dtype == found.logits.dtype == np.float64
  np.testing.assert_allclose(found.features, images.mean(axis=(1, 2)), 1e-6)


def test_without_classes_logits_are_none():
  assert _Means(with_logits=False)(_images()).logits is None


def test_tensors_and_bytes_are_images_too():
  images = np.uint8(255 * _images())
  expected = _Means()(images / np.float32(255)).features
  np.testing.assert_allclose(_Means()(images).features, expected, rtol=1e-6)
  np.testing.assert_allclose(
    _Means()(tf.constant(images)).features, expected, rtol=1e-6
  )


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.01, 255.0])
def test_what_is_no_picture_is_refused(value):
  images = _images()
  images[5, 0, 0, 0] = value
  with pytest.raises(ValueError, match=r"Images 4 to 7 .* \[0, 1\], or uint8"):
    _Means()(images)


@pytest.mark.parametrize("shape", [(0, 2, 2, 3), (2, 2, 3)])
def test_shapes_are_checked(shape):
  with pytest.raises(ValueError, match=r"\[N, H, W, C\] with N > 0"):
    _Means()(np.zeros(shape, np.float32))


def test_no_gpu_rounds_to_ten_bits_meanwhile():
  execution = tf.config.experimental
  before = execution.tensor_float_32_execution_enabled()
  execution.enable_tensor_float_32_execution(True)
  try:
    means = _Means()
    means(_images())
    assert means.tf32 is False
    assert execution.tensor_float_32_execution_enabled()
  finally:
    execution.enable_tensor_float_32_execution(before)


def test_the_last_block_to_be_left_allows_tf32_again():
  execution = tf.config.experimental
  enabled = execution.tensor_float_32_execution_enabled
  before = enabled()
  execution.enable_tensor_float_32_execution(True)
  try:
    first, second = (abstract_extractor.full_float32() for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # In another order, as threads leave.
    assert not enabled()
    second.__exit__(None, None, None)
    assert enabled()
  finally:
    execution.enable_tensor_float_32_execution(before)


def test_a_digest_is_of_values_types_and_shapes():
  zeros = np.zeros([2, 3])
  digests = {
    abstract_extractor.digest(*parts)
    for parts in (
      (zeros,),
      (zeros.T,),
      (zeros.astype(np.float32),),
      (zeros + 1,),
      ("a", "b"),
      ("ab",),
      (1,),
      ("1",),
    )
  }
  assert len(digests) == 8
  assert all(len(d) == 12 and int(d, 16) >= 0 for d in digests)
  assert abstract_extractor.digest(zeros) == abstract_extractor.digest(
    zeros.copy()
  )
