"""What every generator, discriminator and encoder has in common.

An architecture is a module with classes `Generator` and `Discriminator`, and
possibly `Encoder` and `JointDiscriminator`. `options.architecture =
"resnet_cifar_arch"` is compare_gan/architectures/resnet_cifar.py; a dotted path
is anyone's own file.

Conventions: images NHWC, float32, pixels in [0, 1]; y is [N, num_classes],
one-hot or soft, or None; `is_training` is a Python bool; every variable exists
when the constructor returns, named by the scope it was called in.
"""

import abc
from collections.abc import Sequence
import importlib
import pkgutil
from types import ModuleType
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import dotted_path
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import batch_norm
from compare_gan.layers import kernel
from compare_gan.layers import linear
from compare_gan.layers import resample
import gin
import tensorflow as tf


class DiscriminatorOutput(NamedTuple):
  """Of N images."""

  prob: tf.Tensor  # [N, 1], sigmoid(logits)
  logits: tf.Tensor  # [N, 1]
  features: tf.Tensor  # what the last linear layer sees


class EncoderOutput(NamedTuple):
  """A distribution over z for each of N images."""

  sample: tf.Tensor  # [N, z_dim], what the GAN uses
  mean: tf.Tensor  # [N, z_dim]
  stddev: Optional[tf.Tensor]  # [N, z_dim], None for a deterministic encoder


class JointOutput(NamedTuple):
  """Scores of N pairs (x, z), each [N, 1] (https://arxiv.org/abs/1907.02544)."""

  s_x: tf.Tensor  # of the image alone
  s_z: tf.Tensor  # of the latent alone
  s_xz: tf.Tensor  # of the pair


class _Network(Module, abc.ABC):
  """The options that networks share; refuses those that have no place."""

  # Options of G, D or E that this architecture has no place for, each with its
  # reason: asking for one is an error, not silence.
  no_place_for = {}

  def __init__(
    self,
    gin_name: str,
    batch_norm_fn: Optional[Callable[..., tf.Module]],
    spectral_norm: bool,
    weight_norm: bool,
  ) -> None:
    super().__init__()
    self._refuse(gin_name, "batch_norm_fn", batch_norm_fn, None)
    self._refuse(gin_name, "spectral_norm", spectral_norm, False)
    self._refuse(gin_name, "weight_norm", weight_norm, False)
    self._batch_norm_fn = batch_norm_fn or batch_norm.NoBatchNorm
    self.kernel_fn = kernel.choose(spectral_norm, weight_norm, gin_name)

  def _refuse(self, gin_name, option, value, default):
    if option in self.no_place_for and value != default:
      value = f"@{value.__name__}" if callable(value) else repr(value)
      raise ValueError(
        f"{self.title} has no place for {gin_name}.{option} = {value}: "
        f"{self.no_place_for[option]}. Leave {gin_name}.{option} at "
        f"{default!r} or choose another options.architecture."
      )

  @property
  def title(self) -> str:
    """Returns how messages call this network, "resnet_cifar.Generator"."""
    return f"{type(self).__module__.split('.')[-1]}.{type(self).__name__}"

  def require_pixels(self, sizes: Sequence[int]) -> None:
    """Raises unless the images are squares of one of these sizes."""
    height, width, _ = self.image_shape
    self.require(
      height == width and height in sizes,
      f"images of {height}x{width} pixels",
      f"squares of {', '.join(map(str, sizes))} pixels",
      "another dataset.name or options.architecture",
    )

  def _require_data(self, image_shape, num_classes=0):
    self.require(
      len(image_shape) == 3 and min(image_shape) > 0,
      f"images of shape {list(image_shape)}",
      "[height, width, colors], all of them positive",
      "another dataset.name",
    )
    self.require(
      isinstance(num_classes, int) and num_classes >= 0,
      f"num_classes = {num_classes!r}",
      "their number, or 0 for images without labels",
      "another dataset.name",
    )

  def make_norm(
    self, z_dim: int = 0, y_dim: int = 0
  ) -> Callable[[int, str], tf.Module]:
    """Returns `norm(channels, name)`, the configured normaliser's constructor.

    Args:
      z_dim, y_dim: sizes of what its calls will get as z and y, 0 for None.
    """

    def norm(channels: int, name: str) -> tf.Module:
      return self._batch_norm_fn(
        channels, z_dim, y_dim, kernel_fn=self.kernel_fn, name=name
      )

    return norm

  def require(self, fits: Any, got: str, want: str, gin_name: str) -> None:
    """Raises unless `fits`: what was got, what would do, where to set it."""
    if not fits:
      raise ValueError(
        f"{self.title} got {got}, but needs {want}. Set {gin_name}."
      )


@gin.configurable(
  "G",
  module="compare_gan.architectures.abstract_arch",
  denylist=["z_dim", "image_shape", "num_classes"],
)
class AbstractGenerator(_Network):
  """G(z, y, is_training) -> images [N, H, W, colors] in [0, 1].

  Args:
    z_dim: length of z.
    image_shape: (H, W, colors).
    num_classes: width of y; 0 if the GAN is not conditional and y is None.
    batch_norm_fn: normaliser, see layers/batch_norm.py. None: no normaliser.
    spectral_norm: divide kernels by their largest singular value.
    weight_norm: write kernels as length times direction.
    upsampling: "unpool", the original's, or "nearest".
  """

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    spectral_norm: bool = False,
    weight_norm: bool = False,
    upsampling: str = "unpool",
  ) -> None:
    super().__init__("G", batch_norm_fn, spectral_norm, weight_norm)
    self._refuse("G", "upsampling", upsampling, "unpool")
    if upsampling not in resample.UPSAMPLING:
      raise ValueError(
        f"G.upsampling = {upsampling!r} is unknown. It can be "
        f"{' or '.join(map(repr, resample.UPSAMPLING))}."
      )
    self.require(z_dim > 0, f"z_dim = {z_dim}", "at least 1", "options.z_dim")
    self._require_data(image_shape, num_classes)
    self.z_dim = z_dim
    self.image_shape = tuple(image_shape)
    self.num_classes = num_classes
    self.upsample = resample.UPSAMPLING[upsampling]

  @abc.abstractmethod
  def __call__(
    self, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> tf.Tensor:
    """Returns images for z [N, z_dim] and y [N, num_classes] or None."""


@gin.configurable(
  "D",
  module="compare_gan.architectures.abstract_arch",
  denylist=["image_shape", "num_classes"],
)
class AbstractDiscriminator(_Network):
  """D(x, y, is_training) -> DiscriminatorOutput.

  Args:
    image_shape: (H, W, colors).
    num_classes: width of y; 0 if the GAN is not conditional and y is None.
    batch_norm_fn: normaliser, see layers/batch_norm.py. None: no normaliser.
    layer_norm: layer normalisation; in residual blocks after the normaliser.
    spectral_norm: divide kernels by their largest singular value.
    weight_norm: write kernels as length times direction.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    layer_norm: bool = False,
    spectral_norm: bool = False,
    weight_norm: bool = False,
  ) -> None:
    super().__init__("D", batch_norm_fn, spectral_norm, weight_norm)
    self._refuse("D", "layer_norm", layer_norm, False)
    self._require_data(image_shape, num_classes)
    self.image_shape = tuple(image_shape)
    self.num_classes = num_classes
    self.layer_norm = layer_norm

  @property
  def num_features(self) -> int:
    """Returns how many features an image has, once they are flattened."""
    return self.scores.channels

  @abc.abstractmethod
  def __call__(
    self, x: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> DiscriminatorOutput:
    """Returns the DiscriminatorOutput for images x and y or None."""


@gin.configurable(
  "E",
  module="compare_gan.architectures.abstract_arch",
  denylist=["image_shape", "z_dim"],
)
class AbstractEncoder(_Network):
  """E(x, is_training) -> EncoderOutput, chosen by options.encoder_architecture.

  Args:
    image_shape: (H, W, colors).
    z_dim: length of z.
    batch_norm_fn, spectral_norm, weight_norm: as for D.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    spectral_norm: bool = False,
    weight_norm: bool = False,
  ) -> None:
    super().__init__("E", batch_norm_fn, spectral_norm, weight_norm)
    self._require_data(image_shape)
    self.image_shape = tuple(image_shape)
    self.z_dim = z_dim

  @abc.abstractmethod
  def __call__(self, x: tf.Tensor, is_training: bool) -> EncoderOutput:
    """Returns the EncoderOutput for images x."""


class AbstractJointDiscriminator(AbstractDiscriminator):
  """D(x, z, y, is_training) -> JointOutput: scores pairs, as in BigBiGAN.

  Shares the gin options of D.
  """

  def __init__(
    self, image_shape: Sequence[int], z_dim: int, num_classes: int = 0
  ) -> None:
    super().__init__(image_shape, num_classes)
    self.z_dim = z_dim

  @abc.abstractmethod
  def __call__(
    self, x: tf.Tensor, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> JointOutput:
    """Returns the JointOutput for images x, latents z and y or None."""


class Scores(Module):
  """The end of most discriminators: logits linear in the features, plus, for a
  projection discriminator (https://arxiv.org/abs/1802.05637), <e(y), features>.

  Args:
    channels: length of the features.
    num_classes: width of y.
    kernel_fn: of both linear maps.
    project_y: adds the projection, in scope `embedding_fc`.
    embedding_init: initialiser of the embedding, None for the gin one.
    name: scope of the linear layer.
    owner: the network, for messages.
  """

  def __init__(
    self,
    channels: int,
    num_classes: int,
    kernel_fn: Callable[..., tf.Module],
    project_y: bool = False,
    embedding_init: Optional[Callable] = None,
    name: str = "disc_final_fc",
    owner: str = "The discriminator",
  ) -> None:
    super().__init__()
    self.channels = channels
    self.linear = linear.Linear(channels, 1, kernel_fn=kernel_fn, name=name)
    self.embedding = None
    if project_y:
      if not num_classes:
        raise ValueError(
          f"{owner} has project_y = True, but gets no labels. Set "
          "ModularGAN.conditional = True on a dataset with labels, or "
          "project_y = False."
        )
      self.embedding = linear.Embedding(
        num_classes, channels, kernel_fn, embedding_init, "embedding_fc"
      )

  def __call__(
    self,
    features: tf.Tensor,
    y: Optional[tf.Tensor],
    is_training: bool,
    returned_features: Optional[tf.Tensor] = None,
  ) -> DiscriminatorOutput:
    # Scores are float32, whatever the convolutions compute in.
    features = tf.cast(features, tf.float32)
    logits = self.linear(features, is_training)
    if self.embedding:
      if y is None:
        raise ValueError("A projection discriminator needs y, but got None.")
      e = self.embedding(y, is_training)
      logits += tf.reduce_sum(e * features, axis=1, keepdims=True)
    if returned_features is None:
      returned_features = features
    return DiscriminatorOutput(tf.sigmoid(logits), logits, returned_features)


def image_range(x: tf.Tensor, activation: str) -> tf.Tensor:
  """Returns pixels in [0, 1]: "sigmoid", or "tanh" scaled by a half."""
  x = tf.cast(x, tf.float32)
  return tf.sigmoid(x) if activation == "sigmoid" else 0.5 * tf.tanh(x) + 0.5


_SUFFIX = "_arch"


def load_architecture(name: str, kind: str) -> type:
  """Returns the class `kind` of an architecture.

  Args:
    name: `options.architecture`, "<file>_arch" for a file beside this one or
      the dotted path of a module of one's own.
    kind: "Generator", "Discriminator", "Encoder" or "JointDiscriminator".
  """
  module = load_module(name)
  if not hasattr(module, kind):
    raise ValueError(
      f"options.architecture = {name!r} has no class {kind}. A module with one "
      f"that extends abstract_arch.Abstract{kind} would do."
    )
  return getattr(module, kind)


def load_module(name: str) -> ModuleType:
  """Returns the module of an architecture, as `load_architecture` finds it."""
  if not name.endswith(_SUFFIX) or "." in name:
    return _own_module(name)
  if name not in names():
    raise ValueError(
      f"options.architecture = {name!r} is unknown. It can be one of "
      f"{', '.join(names())}, or the dotted path of a module of your own."
    )
  return importlib.import_module(f"{__package__}.{name[: -len(_SUFFIX)]}")


def _own_module(name):
  module = dotted_path.module(name)
  if module is None:
    raise ValueError(
      f"options.architecture = {name!r} is neither one of {', '.join(names())} "
      "nor a module that Python can find."
    )
  return module


def names() -> list[str]:
  """Returns the names of the architectures in this package, sorted."""
  package = importlib.import_module(__package__)
  return sorted(
    info.name + _SUFFIX
    for info in pkgutil.iter_modules(package.__path__)
    if info.name != "abstract_arch"
  )


def make_generator(
  architecture: str,
  z_dim: int,
  image_shape: Sequence[int],
  num_classes: int = 0,
) -> AbstractGenerator:
  """Returns the generator, its variables in scope `generator`."""
  with scope("generator"):
    return load_architecture(architecture, "Generator")(
      z_dim, image_shape, num_classes
    )


def make_discriminator(
  architecture: str, image_shape: Sequence[int], num_classes: int = 0
) -> AbstractDiscriminator:
  """Returns the discriminator, its variables in scope `discriminator`."""
  with scope("discriminator"):
    return load_architecture(architecture, "Discriminator")(
      image_shape, num_classes
    )


def make_encoder(
  architecture: str, image_shape: Sequence[int], z_dim: int
) -> AbstractEncoder:
  """Returns the encoder, its variables in scope `encoder`."""
  with scope("encoder"):
    return load_architecture(architecture, "Encoder")(image_shape, z_dim)


def make_joint_discriminator(
  architecture: str,
  image_shape: Sequence[int],
  z_dim: int,
  num_classes: int = 0,
) -> AbstractJointDiscriminator:
  """Returns the joint discriminator, its variables in scope `discriminator`."""
  with scope("discriminator"):
    return load_architecture(architecture, "JointDiscriminator")(
      image_shape, z_dim, num_classes
    )
