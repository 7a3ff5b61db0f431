"""What every generator, discriminator and encoder has in common.

An architecture is a module with classes `Generator` and `Discriminator`, and
possibly `Encoder` and `JointDiscriminator`. `options.architecture =
"resnet_cifar_arch"` is compare_gan/architectures/resnet_cifar.py; a dotted path
is your own file.

Conventions: images NHWC, float32, pixels in [0, 1]; y is [N, num_classes],
one-hot or soft, or None; `is_training` is a Python bool; every variable exists
when the constructor returns, named by the scope it was called in.
"""

import abc
from collections.abc import Sequence
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.architectures.by_name import load_architecture
from compare_gan.architectures.by_name import load_module
from compare_gan.architectures.by_name import names
from compare_gan.architectures.outputs import DiscriminatorOutput
from compare_gan.architectures.outputs import EncoderOutput
from compare_gan.architectures.outputs import JointOutput
from compare_gan.architectures.outputs import Scores
from compare_gan.architectures.outputs import image_range
from compare_gan.architectures.reference_batch import with_reference
from compare_gan.configuration import accepted
from compare_gan.context.gin_scope import settings_of
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.layers import batch_norm
from compare_gan.layers import kernel
from compare_gan.layers import resample
import gin
import tensorflow as tf

# Re-exported: `abstract_arch.Scores`, `abstract_arch.names` and so on.
__all__ = [
  "AbstractDiscriminator",
  "AbstractEncoder",
  "AbstractGenerator",
  "AbstractJointDiscriminator",
  "DiscriminatorOutput",
  "EncoderOutput",
  "JointOutput",
  "Scores",
  "image_range",
  "load_architecture",
  "load_module",
  "make_discriminator",
  "make_encoder",
  "make_generator",
  "make_joint_discriminator",
  "names",
]


class _Network(Module, abc.ABC):
  """The options that networks share; refuses those that do not apply."""

  # Options of G, D or E that do not apply to this architecture, each with its
  # reason: setting one is an error.
  no_place_for: dict[str, str] = {}

  def __init__(
    self,
    gin_name: str,
    batch_norm_fn: Optional[Callable[..., tf.Module]],
    spectral_norm: bool,
    weight_norm: bool,
    kernel_fn: Optional[Callable[..., Module]] = None,
  ) -> None:
    super().__init__()
    self._refuse(gin_name, "batch_norm_fn", batch_norm_fn, None)
    self._refuse(gin_name, "spectral_norm", spectral_norm, False)
    self._refuse(gin_name, "weight_norm", weight_norm, False)
    self._refuse(gin_name, "kernel_fn", kernel_fn, None)
    self._batch_norm_fn = batch_norm_fn or batch_norm.NoBatchNorm
    self.kernel_fn = kernel.choose(
      spectral_norm, weight_norm, gin_name, kernel_fn
    )

  def _refuse(self, gin_name, option, value, default):
    # A network that refuses one way to write a kernel refuses the others.
    same = "weight_norm" if option == "kernel_fn" else option
    reason = self.no_place_for.get(option, self.no_place_for.get(same))
    if reason is not None and value != default:
      value = f"@{value.__name__}" if callable(value) else repr(value)
      raise ValueError(
        f"{self.title} does not support {gin_name}.{option} = {value}: "
        f"{reason}. Leave {gin_name}.{option} at {default!r} or choose "
        "another options.architecture."
      )

  @property
  def title(self) -> str:
    """Returns its name in messages, such as "resnet_cifar.Generator"."""
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
      "[height, width, colors], all positive",
      "another dataset.name",
    )
    self.require(
      isinstance(num_classes, int) and num_classes >= 0,
      f"num_classes = {num_classes!r}",
      "the number of classes, or 0 for images without labels",
      "another dataset.name",
    )

  def make_norm(
    self, z_dim: int = 0, y_dim: int = 0
  ) -> Callable[[int, str], tf.Module]:
    """Returns `norm(channels, name)`, the configured normaliser's constructor.

    Args:
      z_dim, y_dim: sizes of the z and y that its calls will get, 0 for None.
    """

    def norm(channels: int, name: str) -> tf.Module:
      return self._batch_norm_fn(
        channels, z_dim, y_dim, kernel_fn=self.kernel_fn, name=name
      )

    return norm

  def require(self, fits: Any, got: str, want: str, gin_name: str) -> None:
    """Raises unless `fits`; says what is needed and where to set it."""
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
    upsampling: "unpool", the original's, "nearest" or "bilinear".
    kernel_fn: another way to write kernels, see layers/kernel.py.
  """

  draws_noise = False  # Whether images depend on draws beside z, in training.
  draws_in_evaluation = False  # The same in evaluation.
  # Whether there is `__call__(..., truncation=psi)` for styles, in evaluation,
  # instead of the truncation of z.
  truncates_styles = False

  def __init__(
    self,
    z_dim: int,
    image_shape: Sequence[int],
    num_classes: int = 0,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    spectral_norm: bool = False,
    weight_norm: bool = False,
    upsampling: Annotated[str, accepted.OneOf(*resample.UPSAMPLING)] = "unpool",
    kernel_fn: Optional[Callable[..., Module]] = None,
  ) -> None:
    super().__init__("G", batch_norm_fn, spectral_norm, weight_norm, kernel_fn)
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
    kernel_fn: another way to write kernels, see layers/kernel.py.
  """

  # Whether the score of an image depends on the others of its pass, so that
  # real and fake images need passes of their own.
  couples_images = False

  def __init__(
    self,
    image_shape: Sequence[int],
    num_classes: int = 0,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    layer_norm: bool = False,
    spectral_norm: bool = False,
    weight_norm: bool = False,
    kernel_fn: Optional[Callable[..., Module]] = None,
  ) -> None:
    super().__init__("D", batch_norm_fn, spectral_norm, weight_norm, kernel_fn)
    self._refuse("D", "layer_norm", layer_norm, False)
    self._require_data(image_shape, num_classes)
    self.image_shape = tuple(image_shape)
    self.num_classes = num_classes
    self.layer_norm = layer_norm

  @property
  def scores_alone(self) -> bool:
    """Whether the score of an image is known not to depend on its pass.

    Then any images may be scored in a pass of their own. It is known if all
    layers are this library's and none couples the images of a pass.
    """
    return all(
      type(module).__module__.startswith("compare_gan.")
      and not getattr(module, "couples_images", False)
      for module in (self, *self.submodules)
    )

  @property
  def num_features(self) -> int:
    """Returns the number of features of an image, flattened."""
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
    batch_norm_fn, spectral_norm, weight_norm, kernel_fn: as for D.
  """

  def __init__(
    self,
    image_shape: Sequence[int],
    z_dim: int,
    batch_norm_fn: Optional[Callable[..., tf.Module]] = None,
    spectral_norm: bool = False,
    weight_norm: bool = False,
    kernel_fn: Optional[Callable[..., Module]] = None,
  ) -> None:
    super().__init__("E", batch_norm_fn, spectral_norm, weight_norm, kernel_fn)
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
  def __call__(  # type: ignore[override]  # It scores pairs, not images.
    self, x: tf.Tensor, z: tf.Tensor, y: Optional[tf.Tensor], is_training: bool
  ) -> JointOutput:
    """Returns the JointOutput for images x, latents z and y or None."""


def make_generator(
  architecture: str,
  z_dim: int,
  image_shape: Sequence[int],
  num_classes: int = 0,
) -> AbstractGenerator:
  """Returns the generator, its variables in scope `generator`."""
  cls = load_architecture(architecture, "Generator")
  with scope("generator"), settings_of("G"):
    return with_reference(cls(z_dim, image_shape, num_classes))


def make_discriminator(
  architecture: str, image_shape: Sequence[int], num_classes: int = 0
) -> AbstractDiscriminator:
  """Returns the discriminator, its variables in scope `discriminator`."""
  cls = load_architecture(architecture, "Discriminator")
  with scope("discriminator"), settings_of("D"):
    return with_reference(cls(image_shape, num_classes))


def make_encoder(
  architecture: str, image_shape: Sequence[int], z_dim: int
) -> AbstractEncoder:
  """Returns the encoder, its variables in scope `encoder`."""
  cls = load_architecture(architecture, "Encoder")
  with scope("encoder"), settings_of("E"):
    return with_reference(cls(image_shape, z_dim))


def make_joint_discriminator(
  architecture: str,
  image_shape: Sequence[int],
  z_dim: int,
  num_classes: int = 0,
) -> AbstractJointDiscriminator:
  """Returns the joint discriminator, its variables in scope `discriminator`."""
  cls = load_architecture(architecture, "JointDiscriminator")
  with scope("discriminator"), settings_of("D"):
    return with_reference(cls(image_shape, z_dim, num_classes))
