"""Terms: any number of regularisers of D or of G, with weights and intervals.

A regulariser is a function or an object that computes a value. A Term says how
much of it is added to the loss, and when. penalty_lib.py shows how to write
terms in gin, seen.py lists what they can use, and terms/ has the existing ones.

A file that lists terms, `penalty.terms = [...]`, replaces the list of the file
before it. A term that is bound with `NAME/term.added_to = "D"` is in no list:
files that bind different names add up.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import contextlib
import inspect
from typing import Annotated
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import gin_scope
from compare_gan.context import replica
from compare_gan.context.scope import Module
from compare_gan.context.scope import scope
from compare_gan.context.scope import variable
from compare_gan.gans import schedules
from compare_gan.gans.schedules import Schedule
from compare_gan.gans.seen import Seen
from compare_gan.gans.seen import View
from compare_gan.layers import initializers
import gin
import tensorflow as tf

Offers = dict[str, Callable[[Seen], Any]]  # {name: value of a Seen}


# Whose losses the terms of a side are added to.
_SIDES = {"penalty": "D", "g_penalty": "G"}


def needs(fn: Callable) -> list[str]:
  """Returns the names of the parameters of `fn` that have no default."""
  return [
    name
    for name, parameter in inspect.signature(fn).parameters.items()
    if parameter.default is inspect.Parameter.empty
    and parameter.kind
    not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
  ]


class Valued(NamedTuple):
  """A term's value in an update."""

  value: tf.Tensor  # without weight
  weighted: tf.Tensor  # what is added to the loss
  statistics: dict[str, tf.Tensor]  # scalars that will move its state

  def scalars(self, name: str) -> dict[str, tf.Tensor]:
    """Returns {name: scalar}, to be averaged over a batch's parts."""
    return {
      f"penalty/{name}": self.value,
      f"penalty/{name}_weighted": self.weighted,
      **{
        f"{_statistic(name)}{key}": value
        for key, value in self.statistics.items()
      },
    }


def _statistic(name):
  return f"statistics/{name}/"


@gin.configurable("term", module="compare_gan.gans")
class Term:
  """A regulariser with its weight and interval.

  Its name is the gin scope it is made in, `r1` of @r1/term(), or that of `fn`.

  Args:
    fn: the regulariser: a function, or a class with state, see terms/.
    weight: its factor, a number or a schedule of the step.
    interval: it acts at each `interval`-th update of its side, the first one
      included, with `interval` times its weight (lazy regularisation,
      StyleGAN2, https://arxiv.org/abs/1912.04958, appendix B).
    added_to: "D" or "G", whose loss it adds itself to, without being in a list.
      Bound in its scope. None: it acts only where a list has it.
  """

  def __init__(
    self,
    fn: Callable = gin.REQUIRED,
    weight: Annotated[Schedule, accepted.Range(least=0)] = 1.0,
    interval: accepted.Count = 1,
    added_to: Annotated[Optional[str], accepted.OneOf(None, "D", "G")] = None,
  ) -> None:
    self.scope = gin.current_scope_str()
    self.name = self.scope.rpartition("/")[2] or fn.__name__.lower()
    self.fn = fn
    self.added_to = added_to
    self.interval = interval
    self._weight = weight
    where = f"{self.name}/term"
    if isinstance(interval, bool) or not isinstance(interval, int):
      raise ValueError(f"{where}.interval = {interval!r}. It must be an int.")
    if interval < 1:
      raise ValueError(f"{where}.interval = {interval}. It must be 1 or more.")
    if added_to not in (None, *_SIDES.values()):
      raise ValueError(
        f"{where}.added_to = {added_to!r}. It must be 'D', 'G' or None."
      )
    schedules.require_schedule(f"{where}.weight", weight)
    if not callable(weight) and weight < 0:
      raise ValueError(f"{where}.weight = {weight!r}. It must be 0 or more.")

  def weight(self, step: tf.Variable) -> tf.Tensor:
    """Returns the weight at a step of the training."""
    return schedules.value_at(self._weight, step)


def added_to(network: str) -> list[Term]:
  """Returns the terms that add themselves to the loss of "D" or "G".

  They are in the order of their names, which does not depend on the order of
  the files that bind them.
  """
  terms = []
  for scope_name in gin_scope.scopes_that_bind("term.added_to"):
    if not scope_name:
      raise ValueError(
        f"term.added_to = {gin.query_parameter('term.added_to')!r} has no "
        "scope, so that every term would add itself. Bind it for one term: "
        "NAME/term.added_to."
      )
    with gin.config_scope(scope_name.split("/")):
      terms.append(Term())
  return [term for term in terms if term.added_to == network]


class Regulariser:
  """A term that is ready to be computed.

  Args:
    term: its settings in gin.
    fn: the function, or the object made from the term's class.
  """

  def __init__(self, term: Term, fn: Callable) -> None:
    self.term, self.fn = term, fn
    self.name = term.name
    self.last = Last() if term.interval > 1 else None

  @property
  def modules(self) -> list[Module]:
    """Returns its modules with state, which is saved with its side's."""
    return [x for x in (self.fn, self.last) if isinstance(x, Module)]

  @property
  def needs(self) -> list[str]:
    return needs(self.fn)

  @property
  def needs_of_views(self) -> list[str]:
    views = getattr(self.fn, "views", None)
    return needs(views) if views else []

  def views(self, offers: Offers, seen: Seen) -> list[View]:
    """Returns images for D to score in the same pass."""
    if not hasattr(self.fn, "views"):
      return []
    return self.fn.views(
      **{name: offers[name](seen) for name in self.needs_of_views}
    )

  def value(self, offers: Offers, seen: Seen, step: tf.Variable) -> Valued:
    result = self.fn(**{name: offers[name](seen) for name in self.needs})
    value, statistics = result if isinstance(result, tuple) else (result, {})
    value = tf.cast(value, tf.float32)
    factor = self.term.weight(step) * float(self.term.interval)
    return Valued(value, factor * value, statistics)

  def is_due(self) -> Union[bool, tf.Tensor]:
    """Returns whether it acts at this update."""
    if self.last is None:
      return True
    return tf.equal(self.last.updates % self.term.interval, 0)

  def conclude(self, scalars: dict[str, tf.Tensor]) -> None:
    """Moves its state, and removes the scalars that only the state needs.

    A lazy term is logged as it was when it last acted.
    """
    statistics = {
      name: replica.all_mean(scalars.pop(name))
      for name in list(scalars)
      if name.startswith(_statistic(self.name))
    }
    is_due = self.is_due()
    if hasattr(self.fn, "move"):
      moves = [v for module in self.modules for v in module.variables]
      moves = [v for v in moves if not v.trainable]
      with _kept_unless(is_due, moves):
        self.fn.move(
          **{name.rpartition("/")[2]: x for name, x in statistics.items()}
        )
    if self.last:
      self.last.replace(self.name, scalars, is_due)


@contextlib.contextmanager
def _kept_unless(is_due, variables):
  """Restores variables that moved inside, if the term is not due."""
  before = [] if is_due is True else [tf.identity(v) for v in variables]
  yield
  for moved, value in zip(variables, before):
    moved.assign(tf.where(is_due, moved, value))


class Last(Module):
  """The updates that a lazy term has seen, and its scalars of the last one."""

  _NAMES = ("penalty/{}", "penalty/{}_weighted", "grad_norm/{}")

  def __init__(self) -> None:
    super().__init__()
    zeros = initializers.zeros
    self.updates = variable(
      "updates", [], zeros, trainable=False, dtype=tf.int64
    )
    self.values = variable("last", [len(self._NAMES)], zeros, trainable=False)

  def replace(
    self, term: str, scalars: dict[str, tf.Tensor], is_due: tf.Tensor
  ) -> None:
    """Writes old scalars over those of an update without the term."""
    names = [name.format(term) for name in self._NAMES]
    now = replica.all_mean(tf.stack([scalars.get(n, 0.0) for n in names]))
    self.values.assign(tf.where(is_due, now, self.values))
    self.updates.assign_add(1)
    scalars.update(
      (name, value)
      for name, value in zip(names, tf.unstack(tf.identity(self.values)))
      if name in scalars
    )


class Terms:
  """The terms of one side.

  Args:
    side: "penalty" or "g_penalty", for messages.
    gan: the GAN's name, for messages.
    terms: Terms or plain functions, these with a weight of 1.
    offers: names of what the GAN offers them.
    building: arguments that constructors of classes with state may use.
    augments: whether there is a policy of augmentation.
    lazy_steps: see `in_two_steps`.
    more: Terms that add themselves, see `added_to`.
  """

  def __init__(
    self,
    side: str,
    gan: str,
    terms: Sequence[Any],
    offers: Iterable[str],
    building: dict[str, Any],
    augments: bool = False,
    lazy_steps: str = "joint",
    more: Sequence[Term] = (),
  ) -> None:
    if lazy_steps not in ("joint", "own"):
      raise ValueError(
        f"{side}.lazy_steps = {lazy_steps!r}. It must be 'joint' or 'own'."
      )
    self.in_two_steps = lazy_steps == "own"
    if isinstance(terms, str) or not isinstance(terms, (list, tuple)):
      raise ValueError(
        f"{side}.terms = {terms!r}. It must be a list, such as [@r1/term()]."
      )
    self._side, self._gan = side, gan
    terms = [t if isinstance(t, Term) else _term_of(side, t) for t in terms]
    for term in terms:
      _require_side(side, term)
    listed = {term.scope for term in terms}
    terms += [term for term in more if term.scope not in listed]
    names = [term.name for term in terms]
    for name in names:
      if names.count(name) > 1:
        raise ValueError(
          f"{side}.terms has two terms called {name!r}. Give each a gin scope "
          f"of its own: @one/term() and @another/term()."
        )
    self.all = [self._made(term, offers, building) for term in terms]
    for one in self.all:
      self._require_offers(one, offers)
      if augments and not getattr(one.fn, "allows_augmentation", True):
        raise ValueError(
          f"{side}.terms has {one.name!r}, which compares an image with a "
          "changed one, beside an augmentation that changes both. Leave "
          f"augmentation.policy empty, or set {one.term.fn.__name__}."
          "with_augmentation = True."
        )

  def _made(self, term, offers, building):
    fn = term.fn
    with scope("terms"), scope(f"{self._side}_{term.name}"):
      if inspect.isclass(fn):
        wanted = needs(fn)
        missing = [name for name in wanted if name not in building]
        if missing:
          raise ValueError(
            f"{self._side}.terms: the constructor of @{fn.__name__} needs "
            f"{', '.join(missing)}, but can have {', '.join(building)} only."
          )
        fn = fn(**{name: building[name] for name in wanted})
      return Regulariser(term, fn)

  def _require_offers(self, one, offers):
    missing = sorted({*one.needs, *one.needs_of_views} - set(offers))
    if missing:
      raise ValueError(
        f"{self._side}.terms: {one.name!r} (@{one.term.fn.__name__}) needs "
        f"{', '.join(missing)}, which {self._gan} cannot offer: it has "
        f"{', '.join(sorted(offers))}. Choose another regulariser."
      )

  def __bool__(self) -> bool:
    return bool(self.all)

  @property
  def modules(self) -> list[Module]:
    """Returns the modules with state, which is saved with the side's."""
    return [module for one in self.all for module in one.modules]

  @property
  def share_of_main_steps(self) -> float:
    """Returns the share of an optimiser's steps that follow the loss.

    If lazy terms have their own steps, an update has on average 1 + sum of 1 /
    k steps, over the intervals k.
    """
    return 1.0 / (1.0 + sum(1.0 / k for k in self.intervals))

  @property
  def intervals(self) -> list[int]:
    """Returns the intervals of lazy terms, each once."""
    return sorted({one.term.interval for one in self.lazy})

  @property
  def eager(self) -> list[Regulariser]:
    """Returns the terms of every update."""
    return [one for one in self.all if one.term.interval == 1]

  @property
  def lazy(self) -> list[Regulariser]:
    """Returns the terms of some updates only."""
    return [one for one in self.all if one.term.interval > 1]


def _term_of(side, fn):
  if not callable(fn):
    raise ValueError(
      f"{side}.terms has {fn!r}. It must be a list of terms, such as "
      "@r1/term(), or of regularisers, such as @r1."
    )
  return Term(fn)


def _require_side(side, term):
  if term.added_to not in (None, _SIDES[side]):
    raise ValueError(
      f"{side}.terms has {term.name!r}, but {term.scope}/term.added_to = "
      f"{term.added_to!r}. Take it out of the list, or give the list a term of "
      "another name."
    )
