"""The crops and sizes of google/compare_gan's datasets.

Each is (image [h, w, colors], image_shape, u) -> image of that shape, uint8, or
float32 in [0, 1]; u [3] are random numbers in training, None where nothing is
random. Resizing is bilinear as in TensorFlow 1: it does not average over the
pixels in between, and pixel (0, 0) stays where it is.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
import gin
import tensorflow as tf


def celeb_a(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns the middle 160 x 160 pixels, resized."""
  del u
  image = tf.image.resize_with_crop_or_pad(image, 160, 160)
  return _bilinear(image, image_shape)


def crop_or_pad(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns the middle of the image, with black around it if it is small."""
  del u
  return tf.image.resize_with_crop_or_pad(image, *image_shape[:2])


def middle_crop(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns the largest square in the middle, resized."""
  del u
  return _bilinear(_middle_square(image), image_shape)


def distorted_crop(
  image: tf.Tensor, image_shape: Sequence[int], u: tf.Tensor
) -> tf.Tensor:
  """Returns a random square of half of the image's area or more, resized.

  If the image is more than twice as long as wide, no such square fits and the
  largest one is used. (TensorFlow's op, which the original used, squeezes the
  whole image in that case.)

  Args:
    image: [h, w, colors].
    image_shape: of the result.
    u: [3] in (0, 1), for the side and the position.
  """
  height, width = _size(image)
  most = tf.minimum(height, width)
  area = tf.cast(height, tf.float32) * tf.cast(width, tf.float32)
  least = tf.minimum(tf.cast(tf.math.ceil(tf.sqrt(0.5 * area)), tf.int32), most)
  side = least + choice(u[0], most - least + 1)
  top = choice(u[1], height - side + 1)
  left = choice(u[2], width - side + 1)
  return _bilinear(image[top : top + side, left : left + side], image_shape)


def random_crop(
  image: tf.Tensor, image_shape: Sequence[int], u: tf.Tensor
) -> tf.Tensor:
  """Returns one of the largest squares, resized; u [3] as above."""
  height, width = _size(image)
  side = tf.minimum(height, width)
  top = choice(u[1], height - side + 1)
  left = choice(u[2], width - side + 1)
  return _bilinear(image[top : top + side, left : left + side], image_shape)


def no_crop(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns all of the image, squeezed into the shape."""
  del u
  return _bilinear(image, image_shape)


_CROPS = {
  "distorted": distorted_crop,
  "random": random_crop,
  "middle": middle_crop,
  "none": no_crop,
}


def imagenet(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns a distorted crop in training, the middle crop in evaluation."""
  crop = eval_crop() if u is None else train_crop()
  return crop(image, image_shape, u)


@gin.configurable("train_imagenet_transform", module="compare_gan.datasets")
def train_crop(
  crop_method: Annotated[str, accepted.OneOf(*_CROPS)] = "distorted",
) -> Callable[..., tf.Tensor]:
  """Returns the crop of ImageNet's training images, one of four by name.

  Args:
    crop_method: "distorted": a random square of at least half of the area;
      "random": a random largest square; "middle"; or "none": all of the image,
      squeezed.
  """
  if crop_method not in _CROPS:
    raise ValueError(
      f"train_imagenet_transform.crop_method = {crop_method!r}; it can be one "
      f"of {sorted(_CROPS)}."
    )
  return _CROPS[crop_method]


@gin.configurable("eval_imagenet_transform", module="compare_gan.datasets")
def eval_crop(
  crop_method: Annotated[str, accepted.OneOf("middle", "none")] = "middle",
) -> Callable[..., tf.Tensor]:
  """Returns the crop of ImageNet's evaluation, which is not random.

  Args:
    crop_method: "middle", the largest square in the middle; or "none": all of
      the image, squeezed.
  """
  if crop_method not in ("middle", "none"):
    raise ValueError(
      f"eval_imagenet_transform.crop_method = {crop_method!r}: scores need "
      "the same images each time. It can be 'middle' or 'none'."
    )
  return _CROPS[crop_method]


@gin.configurable("replace_labels", module="compare_gan.datasets")
def refuse_other_labels(file_pattern: Optional[str] = None) -> None:
  """Refuses google/compare_gan's files of other labels for ImageNet.

  Args:
    file_pattern: TFRecord files with other labels; only None is accepted.
  """
  if file_pattern is not None:
    raise ValueError(
      f"replace_labels.file_pattern = {file_pattern!r}: such files are not "
      "supported. dataset.name = 'soft_labeled_imagenet_128' takes labels, or "
      "their probabilities, from an npy: tfds_images.soft_labels."
    )


def shrink(
  image: tf.Tensor, image_shape: Sequence[int], u: Optional[tf.Tensor] = None
) -> tf.Tensor:
  """Returns the middle square averaged down (or up) to a size, as uint8."""
  del u
  image = _middle_square(image)
  image = tf.image.resize(image, image_shape[:2], "bilinear", antialias=True)
  return tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)


def _middle_square(image):
  """Returns the largest square in the middle."""
  height, width = _size(image)
  side = tf.minimum(height, width)
  top, left = (height - side) // 2, (width - side) // 2
  return image[top : top + side, left : left + side]


def _size(image):
  height, width, _ = tf.unstack(tf.shape(image))
  return height, width


def choice(u: tf.Tensor, n: Union[int, tf.Tensor]) -> tf.Tensor:
  """Returns one of 0 ... n - 1 for u in (0, 1)."""
  return tf.minimum(tf.cast(u * tf.cast(n, tf.float32), tf.int32), n - 1)


def _bilinear(image, image_shape):
  """Returns float32 in [0, 1], resized as tf.image.resize_images of TF 1."""
  image = tf.raw_ops.ResizeBilinear(
    images=tf.cast(image, tf.float32)[None],
    size=image_shape[:2],
    align_corners=False,
    half_pixel_centers=False,
  )
  return image[0] / 255.0
