"""What D sees: a sample, changed at random, in this order.

  mix              some real images are fakes          pseudo_real.py
  draw and apply   instance noise                      instance_noise.py
                   the policy, with probability p      diffaugment.py, ada.py

Images are in [0, 1]. The papers' numbers are for pixels in [-1, 1], where 0 is
a medium grey: only `apply` converts between the two.
"""

from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.context import draws
from compare_gan.context import replica
from compare_gan.context import scope
from compare_gan.gans.augmentation import ada
from compare_gan.gans.augmentation import diffaugment
from compare_gan.gans.augmentation import pseudo_real as pseudo_real_lib
from compare_gan.gans.augmentation.instance_noise import InstanceNoise
from compare_gan.gans.augmentation.probability import Chosen
from compare_gan.gans.augmentation.probability import Probability
import gin
import tensorflow as tf


class Draws(NamedTuple):
  """The random numbers of a batch; None where nothing is random."""

  noise: Optional[tf.Tensor] = None  # to be added to pixels in [0, 1]
  is_changed: Optional[tf.Tensor] = None  # [N, 1, 1, 1], None for all
  policy: Any = None  # a nest of tensors, as the policy drew it


_SIGNS = "real_signs"
_STATISTICS = "statistics/augmentation/"


@gin.configurable(
  "augmentation", module="compare_gan.gans", denylist=["step", "batch_size"]
)
class Augmentation(scope.Module):
  """Changes images [N, H, W, C] in [0, 1].

  Drawing and applying are two methods, so that two passes of D can see the same
  changes. Without a binding nothing is drawn and nothing changes.

  Args:
    policy: names from color, translation, cutout, separated by commas; or ADA's
      pipeline: @ada(), or the name of a preset such as "bgc"; or your own
      object with the methods `draw` and `apply` of `diffaugment.DiffAugment`.
      "" changes nothing.
    p: the probability of the policy: a number, a schedule of the step, or
      @ada_controller(). At 0 images stay the same to the last bit.
    instance_noise: adds noise to what D sees, @instance_noise(). None: none.
    pseudo_real: shows D fakes as real images, @apa(). None: it sees none.
    step: returns the step at which schedules are read.
    batch_size: real images of an update of D, over all replicas.
  """

  def __init__(
    self,
    policy: Union[str, ada.Ada, Any] = "",
    p: Chosen = 1.0,
    instance_noise: Optional[InstanceNoise] = None,
    pseudo_real: Optional[pseudo_real_lib.Apa] = None,
    step: Optional[Callable[[], Any]] = None,
    batch_size: Optional[int] = None,
  ) -> None:
    super().__init__()
    self._policy = _policy(policy)
    self._noise = _configured(
      "instance_noise", instance_noise, InstanceNoise, "@instance_noise()"
    )
    self._apa = _configured(
      "pseudo_real", pseudo_real, pseudo_real_lib.Apa, "@apa()"
    )
    self._step = step
    # None if there is no policy or pseudo-real image, or if p is always 0.
    self._p: Optional[Probability] = None
    self._apa_p: Optional[Probability] = None
    if self._policy is not None:
      self._p = Probability("augmentation.p", p, step, batch_size)
      if self._p.is_zero:
        self._policy = self._p = None
    if self._apa:
      self._apa_p = Probability("apa.p", self._apa.p, step, batch_size)
      if self._apa_p.is_zero:
        self._apa = self._apa_p = None
    if self._noise and self._noise.sigma == 0:
      self._noise = None
    if self._noise and self._noise.decay_steps is not None and step is None:
      raise ValueError(
        "augmentation.instance_noise falls with the step, so the GAN has to "
        "give its Augmentation a step."
      )

  @property
  def is_identity(self) -> bool:
    """Returns whether nothing ever changes."""
    parts = (self._policy, self._noise, self._apa)
    return all(part is None for part in parts)

  @property
  def mixes(self) -> bool:
    """Returns whether D is shown fakes as real images."""
    return self._apa is not None

  # ---- Pseudo-real images ----------------------------------------------------

  def fakes_among(self, n: Any) -> tf.Tensor:
    """Returns [n], which images of a whole batch fakes are to replace."""
    if self._apa_p is None:
      return tf.zeros([n], tf.bool)
    u = draws.uniform([n, 1])[:, 0]
    return pseudo_real_lib.flags(u, self._apa_p.value())

  def mix(
    self,
    images: tf.Tensor,
    y: Optional[tf.Tensor],
    fakes: tf.Tensor,
    fake_y: Optional[tf.Tensor],
    is_fake: Any,
  ) -> tuple[tf.Tensor, Optional[tf.Tensor]]:
    """Returns D's real images and labels, with some replaced by fakes.

    For an update of D, before `draw`. Their gradient does not reach G.

    Args:
      images, y: the real ones.
      fakes, fake_y: fresh or old ones, not those that the update scores as
        fake.
      is_fake: which, [N], from `fakes_among`.
    """
    if self._apa_p is None:
      return images, y
    return self._apa.mix(images, y, fakes, fake_y, is_fake)

  def mix_labels(
    self, y: tf.Tensor, fake_y: tf.Tensor, is_fake: tf.Tensor
  ) -> tf.Tensor:
    """Returns the labels that `mix` returns."""
    return self._apa.mix_labels(y, fake_y, is_fake)

  # ---- Noise and policy ------------------------------------------------------

  def draw(self, images: Any, rows: Any) -> Draws:
    """Returns draws for images, or for a shape [N, H, W, C].

    Args:
      images: only their shape is used.
      rows: has `uniform` and `normal`, row i for image i.
    """
    shape = images
    if tf.is_tensor(images):
      shape = [tf.shape(images)[0], *images.shape[1:]]
    noise, is_changed, policy = None, None, None
    if self._noise:
      sigma = 0.5 * self._sigma()  # [-1, 1] is twice as wide as [0, 1].
      noise = sigma * rows.normal(shape)
    if self._p is not None:
      is_changed, policy = self._policy.draw(shape, rows, self._p.value())
    return Draws(noise, is_changed, policy)

  def apply(self, images: tf.Tensor, draws: Draws) -> tf.Tensor:
    """Returns the changed images: a function of the draws alone."""
    if draws.noise is not None:
      images += tf.cast(draws.noise, images.dtype)
    if draws.policy is None:
      return images
    x = self._policy.apply(2.0 * images - 1.0, draws.policy)
    changed = 0.5 * (x + 1.0)
    if draws.is_changed is None:
      return changed
    return tf.where(draws.is_changed, changed, images)

  def change(self, images: tf.Tensor, rows: Any) -> tf.Tensor:
    """Returns images [N, H, W, C] with noise and policy.

    Args:
      images: in [0, 1].
      rows: as for `draw`.
    """
    return self.apply(images, self.draw(images, rows))

  # ---- What moves the probabilities ------------------------------------------

  def statistics(self, real_logits: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns {name: mean over the logits}; {} if p is not adaptive.

    Args:
      real_logits: [N, 1], D's scores of real images in the adversarial pass.
    """
    if not self._adaptive:
      return {}
    signs = tf.sign(tf.cast(real_logits, tf.float32))
    return {_SIGNS: tf.reduce_mean(signs)}

  def move(self, **statistics: tf.Tensor) -> None:
    """Moves the adaptive probabilities after an update of D.

    Args:
      **statistics: means of `statistics` over all parts and replicas.
    """
    for p in self._adaptive:
      p.move(statistics[_SIGNS])

  def named_statistics(self, real_logits: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns `statistics` under the names that `conclude` looks up."""
    found = self.statistics(real_logits)
    return {f"{_STATISTICS}{name}": value for name, value in found.items()}

  def conclude(self, scalars: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Moves the adaptive probabilities; returns the scalars to log.

    Args:
      scalars: of an update of D, as means over its parts. Those that only the
        controllers need are removed.
    """
    names = [name for name in scalars if name.startswith(_STATISTICS)]
    found = {
      name[len(_STATISTICS) :]: replica.all_mean(scalars.pop(name))
      for name in names
    }
    if found:
      self.move(**found)
    return self.scalars()

  def scalars(self) -> dict[str, tf.Tensor]:
    """Returns {name: scalar} to log, for every value that changes."""
    scalars = {}
    if self._p and not self._p.is_fixed:
      scalars["augmentation/p"] = self._p.value()
    if self._apa_p and not self._apa_p.is_fixed:
      scalars["augmentation/apa_p"] = self._apa_p.value()
    if self._noise and self._noise.decay_steps is not None:
      scalars["augmentation/instance_noise"] = self._sigma()
    return scalars

  @property
  def _adaptive(self):
    return [p for p in (self._p, self._apa_p) if p and p.is_adaptive]

  def _sigma(self):
    return self._noise.sigma_at(self._step() if self._step else 0)


def _policy(chosen):
  """Returns the object with `draw` and `apply`, None for no changes."""
  if not isinstance(chosen, str):
    if isinstance(chosen, type) or not hasattr(chosen, "draw"):
      raise ValueError(
        f"augmentation.policy = {chosen!r}. It can be @ada(), with brackets, "
        f"or a string of names from {', '.join(diffaugment.NAMES)}."
      )
    return chosen
  names = [name.strip() for name in chosen.split(",") if name.strip()]
  if not names:
    return None
  is_known = [name in diffaugment.NAMES for name in names]
  if all(is_known):
    return diffaugment.DiffAugment(tuple(names))
  if len(names) == 1 and names[0] in ada.PRESETS:
    return ada.Ada(preset=names[0])
  unknown = [name for name, known in zip(names, is_known) if not known]
  presets = [name for name in ada.PRESETS if name not in diffaugment.NAMES]
  raise ValueError(
    f"augmentation.policy = {chosen!r} has the unknown {', '.join(unknown)}. "
    f"It can be {', '.join(diffaugment.NAMES)}, or several of them separated "
    f"by commas; or one of ADA's presets {', '.join(presets)}, or @ada()."
  )


def _configured(name, value, kind, example):
  if value is not None and not isinstance(value, kind):
    raise ValueError(
      f"augmentation.{name} = {value!r}, but it must be {example}, with "
      "brackets, or None."
    )
  return value
