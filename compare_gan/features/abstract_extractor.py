"""The contract of feature extractors: images -> features and logits.

A function known to gin makes an extractor. It is called with the dataset and
chosen by name:

  evaluate.features = @classifier        # or @inception, @saved_model, ...

A score depends on the extractor as much as on the images, so an extractor has a
name, which becomes part of the score's, and an identity, a hash of everything
that its numbers depend on. Your own extractor:

  class Pixels(abstract_extractor.AbstractExtractor):
    name = "pixels"

    def identity(self):
      return abstract_extractor.digest(self.name, 1)

    def extract(self, images):
      return tf.reshape(images, [len(images), -1]), None

  @gin.configurable(denylist=["dataset"])
  @abstract_extractor.named("pixels")
  def pixels(dataset):
    return Pixels()

and, in the gin file,

  import my_package.pixels
  evaluate.features = @pixels
"""

import abc
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import hashlib
import threading
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import TypeVar
from typing import Union

from compare_gan.metrics.rows import Collected
import gin
import numpy as np
import tensorflow as tf

_Make = TypeVar("_Make", bound=Callable[..., Any])
_Name = Union[str, Callable[[], Optional[str]]]


def named(name: _Name) -> Callable[[_Make], _Make]:
  """Returns a decorator that declares the name of the extractor.

  So a score that does not exist is refused before the extractor is made.

  Args:
    name: of the extractor that the function makes, or what returns that name.
  """

  def decorate(make: _Make) -> _Make:
    marked: Any = make
    marked.extractor_name = name
    return make

  return decorate


def name_before(make: Callable) -> Optional[str]:
  """Returns the name of what `make` would make, None if it is not declared."""
  name = getattr(make, "extractor_name", None)
  return name() if callable(name) else name


def bound(name: str, default: Any) -> Any:
  """Returns the value that gin binds to a parameter, or the default."""
  try:
    return gin.query_parameter(name)
  except ValueError:
    return default


class Extracted(NamedTuple):
  """Rows in float64, one for each image."""

  features: np.ndarray  # [N, D]
  logits: Optional[np.ndarray]  # [N, K], None without classes


class AbstractExtractor(abc.ABC):
  """Images -> `Extracted`.

  Attributes:
    name: part of every score's name; only Inception's FID is called "fid".
    batch_size: how many images `extract` gets at once.
    settings: what a score's card says about it in addition to name and
      identity, such as {"resize": "tf1_bilinear"}.
  """

  name: str
  batch_size: int = 250
  settings: dict[str, Any] = {}

  @abc.abstractmethod
  def identity(self) -> str:
    """Returns 12 hex digits of all that its numbers depend on, see `digest`."""

  @abc.abstractmethod
  def extract(
    self, images: tf.Tensor
  ) -> Sequence[Optional[Union[np.ndarray, tf.Tensor]]]:
    """Returns features and logits of a batch.

    Args:
      images: float32 tensor [n, H, W, C] in [0, 1], n <= batch_size.

    Returns:
      features: [n, D], tensor or array.
      logits: [n, K], or None.
    """

  def __call__(self, images: Union[np.ndarray, tf.Tensor]) -> Extracted:
    """Returns the `Extracted` of any number of images.

    Args:
      images: [N, H, W, C], array or tensor, floats in [0, 1] or uint8.
    """
    if len(images.shape) != 4 or not len(images):
      raise ValueError(
        f"Features were requested of images of shape {tuple(images.shape)}, "
        "but [N, H, W, C] with N > 0 is needed."
      )
    collected = [Collected(len(images), self.name) for _ in range(2)]
    with full_float32():
      for first in range(0, len(images), self.batch_size):
        batch = _unit_range(images[first : first + self.batch_size], first)
        for rows, found in zip(collected, self.extract(batch)):
          if found is not None:
            rows.add(_rows(found))
    features, logits = (rows.all() for rows in collected)
    if features is None:
      raise ValueError(f"{type(self).__name__}.extract returned no features.")
    return Extracted(features, logits)


def digest(*parts: Any) -> str:
  """Returns 12 hex digits, a hash of arrays, strings and numbers."""
  whole = hashlib.sha256()
  for part in parts:
    if isinstance(part, np.ndarray):
      whole.update(f"{part.dtype.str}{part.shape}".encode())
      whole.update(np.ascontiguousarray(part).tobytes())
    else:
      whole.update(f"{type(part).__name__} {part!r}\n".encode())
  return whole.hexdigest()[:12]


def _unit_range(images, first):
  """Returns a batch as float32 tensor in [0, 1]."""
  images = tf.convert_to_tensor(images)
  if images.dtype == tf.uint8:
    return tf.cast(images, tf.float32) / 255.0
  images = tf.cast(images, tf.float32)
  low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
  # NaN is rejected too. Excesses as small as those of a float32 sigmoid or
  # resize are accepted.
  if not (low >= -1e-5 and high <= 1.0 + 1e-5 and _is_finite(images)):
    raise ValueError(
      f"Images {first} to {first + len(images) - 1} have pixels from {low} to "
      f"{high}, or NaN among them. Features need floats in [0, 1], or uint8."
    )
  return tf.clip_by_value(images, 0.0, 1.0)


def _is_finite(images):
  return bool(tf.reduce_all(tf.math.is_finite(images)))


def _rows(x):
  """Returns [n, ...] as float64 rows [n, D]."""
  x = np.asarray(x, np.float64)
  # Inception's pool_3 is [n, 1, 1, 2048]; subtracting [n, 2048] from it would
  # broadcast to [n, 1, n, 2048] without an error.
  return x.reshape(len(x), -1)


class _FullFloat32:
  """Forbids TF32, in which newer GPUs round factors to 10 bits.

  The switch is per process, not per thread: entering the first block sets it,
  and leaving the last one resets it, in whatever threads they are. So a score
  has the same precision from its images on if its whole evaluation is inside
  such a block.
  """

  def __init__(self) -> None:
    self._lock = threading.Lock()
    self._blocks = 0
    self._before = None

  @contextlib.contextmanager
  def __call__(self) -> Iterator[None]:
    execution = tf.config.experimental
    with self._lock:
      if not self._blocks:
        self._before = execution.tensor_float_32_execution_enabled()
        execution.enable_tensor_float_32_execution(False)
      self._blocks += 1
    try:
      yield
    finally:
      with self._lock:
        self._blocks -= 1
        if not self._blocks:
          execution.enable_tensor_float_32_execution(self._before)


full_float32 = _FullFloat32()
