"""What is added to the losses of D and of G, chosen by gin.

One penalty on D, as in the original, added to its loss times `options.lamba`:

  penalty.fn = @wgangp_penalty

and any number of terms, each with its weight and interval:

  penalty.terms = [@r1/term(), @bcr/term()]
  r1/term.fn = @r1
  r1/term.weight = 2.5
  r1/term.interval = 16
  bcr/term.fn = @bcr
  bcr/term.weight = 10.0

`g_penalty.terms` are those of G. Of two files that bind a list, the second one
counts. Terms that add themselves to the loss of D or of G add up, from whatever
files they come; they join those of the list:

  lecam/term.fn = @lecam
  lecam/term.weight = 0.3
  lecam/term.added_to = "D"

BigGAN's model card has this penalty on G's
kernels:

  g_penalty.fn = @g/orthogonal_penalty
  g_penalty.weight = 1e-4
  g/orthogonal_penalty.convolutions_only = True
  g/orthogonal_penalty.factor = 0.5

A penalty or term is a function whose parameters name what it needs. seen.py
lists these names, and terms/ has examples. A GAN that cannot offer one of them
refuses the penalty when it is built. To use your own:

  import my_package.my_penalty
  penalty.fn = @my_penalty
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context.scope import Module
from compare_gan.gans.seen import Scored
from compare_gan.gans.seen import Seen
from compare_gan.gans.term import Offers
from compare_gan.gans.term import Term
from compare_gan.gans.term import Terms
from compare_gan.gans.term import needs

# Penalties that used to be in this file can still be imported from it.
from compare_gan.gans.terms.dragan import dragan_penalty  # noqa: F401
from compare_gan.gans.terms.joint_r1 import joint_r1_penalty  # noqa: F401
from compare_gan.gans.terms.kernels import kernels_of  # noqa: F401
from compare_gan.gans.terms.l2 import l2_penalty  # noqa: F401
from compare_gan.gans.terms.lecam import ScoreAnchors  # noqa: F401
from compare_gan.gans.terms.lecam import lecam_penalty  # noqa: F401
from compare_gan.gans.terms.orthogonal import orthogonal_penalty  # noqa: F401
from compare_gan.gans.terms.r1 import r1_penalty  # noqa: F401
from compare_gan.gans.terms.r1 import r2_penalty  # noqa: F401
from compare_gan.gans.terms.wgangp import wgangp_penalty  # noqa: F401
import gin
import tensorflow as tf

_MEANS = ("logits/real", "logits/fake")


@gin.configurable
def no_penalty() -> tf.Tensor:
  """None: 0."""
  return tf.zeros([])


@gin.configurable(
  "penalty", denylist=["gan", "offers", "building", "augments", "more"]
)
class Penalty:
  """What gin adds to D's loss.

  Args:
    gan: the GAN's name, for the message of a refusal.
    offers: names from the list in seen.py.
    fn: the penalty, multiplied by options.lamba.
    terms: added to it, [@r1/term(), @bcr/term()], each with its own weight.
    building, augments: as for Terms.
    lazy_steps: "joint": when a lazy term acts, it joins the gradient of the
      loss; "own": the optimiser makes a separate step along it, with rates and
      moments corrected for the number of steps, as in StyleGAN2.
    more: terms that add themselves, as for Terms.
  """

  def __init__(
    self,
    gan: str,
    offers: Sequence[str],
    fn: Callable[..., tf.Tensor] = no_penalty,
    terms: Sequence[Any] = (),
    building: Optional[dict[str, Any]] = None,
    augments: bool = False,
    lazy_steps: Annotated[str, accepted.OneOf("joint", "own")] = "joint",
    more: Sequence[Term] = (),
  ) -> None:
    self.fn = fn
    self.needs = needs(fn)
    missing = [name for name in self.needs if name not in offers]
    if missing:
      raise ValueError(
        f"penalty.fn = @{fn.__name__} needs {', '.join(missing)}, which {gan} "
        f"cannot offer: it has {', '.join(offers) or 'nothing for a penalty'}. "
        "Choose another penalty.fn, such as @no_penalty."
      )
    self.terms = Terms(
      "penalty", gan, terms, offers, building or {}, augments, lazy_steps, more
    )
    self.anchors: Optional[ScoreAnchors] = None
    if "real_anchor" in self.needs:
      self.anchors = ScoreAnchors()

  @property
  def modules(self) -> list[Module]:
    """Returns the modules with state of its own."""
    return [*self.terms.modules, *([self.anchors] if self.anchors else [])]

  def __call__(self, offered: dict[str, Any]) -> tf.Tensor:
    """Returns the scalar, from a dict {name: value} of at least its needs."""
    return self.fn(**{name: offered[name] for name in self.needs})

  def value(self, offers: Offers, seen: Seen) -> tf.Tensor:
    """Returns the scalar, using what it needs of {name: `value(seen)`}."""
    return self({name: offers[name](seen) for name in self.needs})

  def statistics(self, scored: Scored) -> dict[str, tf.Tensor]:
    """Returns {name: mean over the images}, what `conclude` moves state by."""
    if not self.anchors:
      return {}
    means = map(tf.reduce_mean, (scored.real.logits, scored.fake.logits))
    return dict(zip(_MEANS, means))

  def conclude(self, scalars: dict[str, tf.Tensor]) -> None:
    """Moves its state after an update of D.

    Args:
      scalars: of the update, as means over its parts. The `statistics` are
        removed.
    """
    if self.anchors:
      self.anchors.move(*(scalars.pop(name) for name in _MEANS))


@gin.configurable(
  "g_penalty", denylist=["kernels", "gan", "offers", "building", "more"]
)
class GeneratorPenalty:
  """What gin adds to G's loss.

  Args:
    kernels: G's.
    fn: a penalty that needs only kernels, such as @orthogonal_penalty. None: no
      penalty.
    weight: factor of fn in G's loss.
    terms: added to it, [@r1/term(), @bcr/term()], each with its own weight.
    gan, offers, building: as for Terms.
    lazy_steps, more: as for penalty.
  """

  def __init__(
    self,
    kernels: Sequence[tf.Variable],
    fn: Optional[Callable[..., tf.Tensor]] = None,
    weight: accepted.NotNegative = 1e-4,
    terms: Sequence[Any] = (),
    gan: str = "",
    offers: Sequence[str] = (),
    building: Optional[dict[str, Any]] = None,
    lazy_steps: Annotated[str, accepted.OneOf("joint", "own")] = "joint",
    more: Sequence[Term] = (),
  ) -> None:
    self._kernels, self._fn, self.weight = kernels, fn, weight
    self.terms = Terms(
      "g_penalty",
      gan,
      terms,
      offers,
      building or {},
      lazy_steps=lazy_steps,
      more=more,
    )
    self.modules = self.terms.modules
    if fn is None:
      return
    if needs(fn) != ["kernels"]:
      raise ValueError(
        f"g_penalty.fn = @{fn.__name__} needs {', '.join(needs(fn))}, but "
        "g_penalty.fn gets G's kernels and nothing else. Choose "
        "@orthogonal_penalty or @l2_penalty, or put it into g_penalty.terms."
      )
    if not weight >= 0:
      raise ValueError(f"g_penalty.weight = {weight!r}. It must be 0 or more.")
    if not kernels:
      raise ValueError(
        f"g_penalty.fn = @{fn.__name__} acts on kernels, but this generator "
        "has no free kernels: G.weight_norm = True fixes their length. Set "
        "G.weight_norm = False or g_penalty.fn = None."
      )

  def __bool__(self) -> bool:
    return self._fn is not None

  def __call__(self) -> tf.Tensor:
    """Returns the scalar, without its weight."""
    if self._fn is None:
      return no_penalty()
    return self._fn(kernels=self._kernels)
