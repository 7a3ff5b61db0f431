"""The Inception network of 2015, by whose features FID and IS are defined.

It is read from frozen_inception_v1_2015_12_05.tar.gz (`inception.path`, or the
flag --myevalinception), or from TF-GAN's address on TF-Hub. Images are
converted to three colours and 299 pixels a side, and the input is
(x - 128) / 128 for x in 0 ... 255. They are not rounded to integers first
unless `inception.round_pixels` is set: images of a dataset are integers anyway,
and a generator's images are scored as it makes them.

`inception.resize` is part of the definition of an FID:
  "tf1_bilinear": that of TensorFlow 1, which aligns pixels at their corners,
    used by google/compare_gan, TF-GAN and published values.
  "clean": bicubic with the antialiasing of Pillow, in floats, then clipped to
    0 ... 255, as clean-fid does (https://arxiv.org/abs/2104.11222). Scores are
    called fid_inception_clean.
"""

from collections.abc import Callable
from collections.abc import Sequence
import gzip
import os
import tarfile
from typing import Annotated
from typing import Any
from typing import Optional
from typing import Union
import zlib

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.features import abstract_extractor
from compare_gan.features import saved_model
from compare_gan.features.inception_network import FILE
from compare_gan.features.inception_network import HUB
from compare_gan.features.inception_network import INPUT
from compare_gan.features.inception_network import MEMBER
from compare_gan.features.inception_network import NAMES
from compare_gan.features.inception_network import OUTPUTS
from compare_gan.features.inception_network import PIXELS
import gin
import numpy as np
import tensorflow as tf

_RANGE = (0, 255)
# The archive has 95 MB. A damaged or foreign one must not fill the memory.
_MOST_BYTES = 2**29


gin_roles.declare("inception", paths=["path"])


@gin.configurable(
  "inception", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named(
  lambda: NAMES.get(
    abstract_extractor.bound("inception.resize", "tf1_bilinear")
  )
)
def inception(
  dataset: Any,
  path: Optional[str] = None,
  resize: Annotated[str, accepted.OneOf(*NAMES)] = "tf1_bilinear",
  round_pixels: bool = False,
) -> abstract_extractor.AbstractExtractor:
  """Returns the extractor with 2048 features and 1008 logits.

  Args:
    dataset: not used.
    path: of frozen_inception_v1_2015_12_05.tar.gz; None for TF-Hub.
    resize: "tf1_bilinear" or "clean".
    round_pixels: to integers in 0 ... 255, as if images had been saved.
  """
  del dataset
  if resize not in NAMES:
    raise ValueError(
      f"inception.resize = {resize!r}. It can be "
      f"{' or '.join(map(repr, NAMES))}."
    )
  if path:
    graph = read_graph(path)
    return Inception(_frozen(graph, path), graph, resize, round_pixels)
  network, source = _from_hub()
  return Inception(network, source, resize, round_pixels)


class Inception(abstract_extractor.AbstractExtractor):
  """Args:
  network: [n, 299, 299, 3] in [-1, 1] -> pool_3 [n, ...] and logits [n, K].
  source: bytes or a string that determines the network's numbers.
  resize, round_pixels: see `inception`.
  """

  batch_size = 50

  def __init__(
    self,
    network: Callable[[tf.Tensor], Sequence[tf.Tensor]],
    source: Union[bytes, str],
    resize: str,
    round_pixels: bool,
  ) -> None:
    self.name = NAMES[resize]
    self.settings = {"resize": resize, "round_pixels": round_pixels}
    if resize == "clean":  # Bicubic weights overshoot; others do not.
      self.settings["clip"] = _RANGE
    self._network = network
    self._source = source
    self._resize = _RESIZES[resize]
    self._round = round_pixels

  def identity(self) -> str:
    return abstract_extractor.digest(
      "inception", self._source, *sorted(self.settings.items())
    )

  def extract(self, images: tf.Tensor) -> Sequence[tf.Tensor]:
    pixels = _three_colors(images) * 255.0
    if self._round:
      pixels = tf.round(pixels)
    return self._network((self._resize(pixels) - 128.0) / 128.0)


def _three_colors(images):
  colors = images.shape[-1]
  if colors not in (1, 3):
    raise ValueError(
      f"@inception takes images of 1 or 3 colours, not {colors}. "
      "evaluate.features = @classifier takes any number."
    )
  return tf.repeat(images, 3 // colors, axis=-1)


def _tf1_bilinear(images):
  return tf.compat.v1.image.resize_bilinear(
    images,
    [PIXELS] * 2,
    align_corners=False,
    half_pixel_centers=False,
  )


def _clean(images):
  from PIL import Image

  def resize(channel: np.ndarray) -> np.ndarray:
    # Pillow has this name at run time, but not in its type hints.
    image = Image.fromarray(np.ascontiguousarray(channel))  # floats
    return np.asarray(image.resize((PIXELS, PIXELS), Image.BICUBIC))  # type: ignore[attr-defined]

  resized = [
    np.stack([resize(image[..., c]) for c in range(image.shape[-1])], -1)
    for image in images.numpy()
  ]
  return tf.constant(np.clip(resized, *_RANGE), tf.float32)


_RESIZES = {"tf1_bilinear": _tf1_bilinear, "clean": _clean}


def read_graph(path: str) -> bytes:
  """Returns the bytes of the graph in the archive; unpacks nothing to disk."""
  if not os.path.isfile(path):
    raise FileNotFoundError(
      f"inception.path = {path!r} (--myevalinception): there is no such file. "
      f"Give the path of {FILE}."
    )
  seen = []
  try:
    with (
      gzip.open(path) as unzipped,
      # A stream that only supports reading is enough here.
      tarfile.open(  # type: ignore[call-overload]
        fileobj=_AtMost(unzipped, _MOST_BYTES), mode="r|"
      ) as archive,
    ):
      for member in archive:
        if member.name == MEMBER and member.isreg():  # not a link
          return archive.extractfile(member).read()
        seen.append(member.name)
  except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
    raise ValueError(
      f"inception.path = {path!r} (--myevalinception) cannot be read as a "
      f"tar.gz archive ({error}). Give the path of {FILE}."
    ) from error
  raise ValueError(
    f"inception.path = {path!r} (--myevalinception) has no file {MEMBER} at "
    f"the root of the archive, but {seen[:5]}."
  )


class _AtMost:
  """A file that refuses to be longer than `most` bytes."""

  def __init__(self, file: gzip.GzipFile, most: int) -> None:
    self._file = file
    self._left = most

  def read(self, size: int) -> bytes:
    data = self._file.read(size)
    self._left -= len(data)
    if self._left < 0:
      raise OSError(f"it holds more than {_MOST_BYTES} bytes")
    return data


def _frozen(serialized, path):
  """Returns the function of a serialised GraphDef."""
  graph = tf.compat.v1.GraphDef()
  try:
    graph.ParseFromString(serialized)
    whole = tf.compat.v1.wrap_function(
      lambda: tf.compat.v1.import_graph_def(graph, name=""), []
    )
    return whole.prune(INPUT, list(OUTPUTS))
  # protobuf's DecodeError is in different modules in different versions.
  except Exception as error:
    raise ValueError(
      f"inception.path = {path!r} (--myevalinception): {MEMBER} is not a "
      f"frozen graph with {INPUT}, {' and '.join(OUTPUTS)}: {error}"
    ) from error


def _from_hub():
  """Returns the network, and a hash of its files."""
  try:
    import tensorflow_hub as hub

    module = hub.load(HUB)
    weights = saved_model.hash_of_folder(hub.resolve(HUB))
  # The error of a failed download depends on the versions of TF-Hub and
  # TensorFlow.
  except Exception as error:
    raise ValueError(
      f"The Inception network could not be loaded from {HUB} ({error}). "
      f"Download {FILE} where there is a network and give its path by "
      "--myevalinception (inception.path), or set "
      "evaluate.features = @classifier, which needs no download."
    ) from error

  def network(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    outputs = module(images)
    return outputs["pool_3"], outputs["logits"]

  return network, weights
