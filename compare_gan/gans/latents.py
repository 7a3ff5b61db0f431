"""Where z comes from: `z.*` in training, `eval_z.*` for scores and samples.

Evaluation draws z as training does, unless a parameter of `eval_z` is bound: a
single binding of `eval_z` makes it ignore all of `z.*`. The original always
drew `eval_z` from a uniform distribution. To score an old gin file that binds
only `z.*` as the original scored it, add

  eval_z.distribution_fn = @tf.random.uniform

`minval`, `maxval` and `stddev` may also be bound on the distribution itself,
with or without a scope:

  z.distribution_fn = @tf.random.normal
  tf.random.normal.stddev = 0.5

A binding on `z` or `eval_z` overrides one on the distribution. Without either,
minval, maxval and stddev are -1, 1 and 1.
"""

from collections.abc import Sequence
import inspect
import math
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.context import draws
import gin
import numpy as np

_DEFAULTS = {"minval": -1.0, "maxval": 1.0, "stddev": 1.0, "truncation": 2.0}
_PARAMETERS = ("distribution_fn", *_DEFAULTS)
# Arguments of a distribution that do not change how z is distributed.
_OTHERS = ("shape", "dtype", "seed", "name")


@gin.configurable(
  "z", module="compare_gan.gans.modular_gan", denylist=["shape"]
)
def z(
  shape: Sequence[Any],
  distribution_fn: Callable = draws.uniform,
  minval: Optional[float] = None,
  maxval: Optional[float] = None,
  stddev: Optional[accepted.Positive] = None,
  truncation: Optional[accepted.Positive] = None,
) -> Any:
  """Returns latents for training, [N, z_dim]; row i is the i-th image's.

  Args:
    shape: of the result.
    distribution_fn: draws z; it is called with the shape.
    minval, maxval: ends of a uniform distribution. None: what is bound on the
      distribution, else -1 and 1.
    stddev: of a normal distribution. None: what is bound on it, else 1.
    truncation: where a truncated normal distribution is cut, in deviations.
      None: what is bound on it, else 2.
  """
  own = _own_parameters(minval, maxval, stddev, truncation)
  return _draw("z", shape, distribution_fn, own)


@gin.configurable(
  "eval_z", module="compare_gan.eval_gan_lib", denylist=["shape"]
)
def eval_z(
  shape: Sequence[Any],
  distribution_fn: Optional[Callable] = None,
  minval: Optional[float] = None,
  maxval: Optional[float] = None,
  stddev: Optional[accepted.Positive] = None,
  truncation: Optional[accepted.Positive] = None,
) -> Any:
  """Returns latents for evaluation, those of `z` if all but shape is None.

  Args:
    shape: of the result.
    distribution_fn: called with the shape. None: a uniform distribution, or all
      of `z` if nothing else of eval_z is set.
    minval, maxval, stddev, truncation: as for z.
  """
  own = _own_parameters(minval, maxval, stddev, truncation)
  if distribution_fn is None and not any(x is not None for x in own.values()):
    return z(shape)
  return _draw("eval_z", shape, distribution_fn or draws.uniform, own)


def _own_parameters(*values: Optional[float]) -> dict[str, Optional[float]]:
  """Returns {parameter: value} of z or eval_z, in the order of _DEFAULTS."""
  return dict(zip(_DEFAULTS, values))


def follows_z() -> bool:
  """Returns whether `eval_z` draws as `z` does: nothing is bound on it."""
  return all(value is None for value in gin.get_bindings("eval_z").values())


def is_uniform(low: float, high: float) -> bool:
  """Returns whether `z` draws from U(low, high)."""
  drawn = _drawn("z")
  if not drawn.is_one_of(draws.uniform):
    return False
  return (drawn.values["minval"], _high(drawn.values)) == (low, high)


def eval_z_is_standard_normal() -> bool:
  """Returns whether `eval_z` draws from N(0, I)."""
  drawn = _drawn("z" if follows_z() else "eval_z")
  if not drawn.is_one_of(draws.normal):
    return False
  return (drawn.values["mean"], drawn.values["stddev"]) == (0.0, 1.0)


def values_drawn_from(name: str, fn: Callable) -> Optional[dict[str, Any]]:
  """Returns the parameters of `fn` that "z" or "eval_z" draws with.

  None if it draws from another distribution.
  """
  drawn = _drawn("z" if name == "z" or follows_z() else "eval_z")
  return drawn.values if drawn.is_one_of(inspect.unwrap(fn)) else None


def z_in_words() -> str:
  """Describes what `z` draws, as `eval_z_in_words` does."""
  return _in_words(_drawn("z"))


def eval_z_in_words() -> str:
  """Describes what `eval_z` draws: "normal with mean 0 and stddev 1"."""
  return _in_words(_drawn("z" if follows_z() else "eval_z"))


def _in_words(drawn: "_Drawn") -> str:
  values, rest = drawn.values, drawn.others_in_words()
  if drawn.is_one_of(draws.uniform):
    low, high = _number(values["minval"]), _number(_high(values))
    return f"uniform from {low} to {high}{rest}"
  if drawn.is_one_of(draws.normal, draws.truncated_normal):
    mean, deviation = _number(values["mean"]), _number(values["stddev"])
    if drawn.is_one_of(draws.truncated_normal):
      rest = f", cut at {_number(values['truncation'])} deviations{rest}"
    return f"{drawn.name} with mean {mean} and stddev {deviation}{rest}"
  words = ", ".join(f"{name}={x!r}" for name, x in sorted(values.items()))
  return f"{drawn.name}({words}){rest}"


def eval_log_density(z: np.ndarray) -> np.ndarray:
  """Returns the logarithms of the densities of coordinates of `eval_z`."""
  drawn = _drawn("z" if follows_z() else "eval_z")
  values = drawn.values
  if drawn.is_one_of(draws.uniform):
    return np.full(z.shape, -np.log(_high(values) - values["minval"]))
  if not drawn.is_one_of(draws.normal, draws.truncated_normal):
    raise ValueError(
      f"The density of eval_z.distribution_fn = @{drawn.name} is not known. "
      "Known are those of @tf.random.uniform, @tf.random.normal and "
      "@tf.random.truncated_normal."
    )
  deviation = values["stddev"]
  log_p = -0.5 * ((z - values["mean"]) / deviation) ** 2
  log_p -= 0.5 * np.log(2.0 * np.pi) + np.log(deviation)
  if drawn.is_one_of(draws.truncated_normal):
    # The tails are cut off, and the rest has to integrate to 1.
    log_p -= np.log(math.erf(values["truncation"] / math.sqrt(2.0)))
  return log_p


def ignored(name: str) -> dict[str, str]:
  """Returns {parameter: reason} of bindings that the distribution cannot take.

  Args:
    name: "z" or "eval_z".
  """
  bound = gin.get_bindings(name)
  fn = bound.get("distribution_fn") or draws.uniform
  accepted = inspect.signature(fn).parameters
  return {
    parameter: f"@{fn.__name__} has no {parameter}"
    for parameter, default in _DEFAULTS.items()
    if bound.get(parameter) not in (None, default) and parameter not in accepted
  }


class _Drawn(NamedTuple):
  """A distribution as bound in gin."""

  fn: Callable
  values: dict[str, Any]  # of the parameters that shape it
  others: dict[str, Any]  # of other bound parameters, such as a seed

  @property
  def name(self) -> str:
    return getattr(self.fn, "__name__", str(self.fn))

  def is_one_of(self, *known: Callable) -> bool:
    return inspect.unwrap(self.fn) in known

  def others_in_words(self) -> str:
    given = sorted(
      (k, x)
      for k, x in self.others.items()
      if x is not None and k != "name"  # that of the TensorFlow operation
    )
    return "".join(f", {name}={x!r}" for name, x in given)


def _drawn(name: str) -> _Drawn:
  """Returns the _Drawn of "z" or "eval_z"."""
  own = {k: x for k, x in gin.get_bindings(name).items() if k in _PARAMETERS}
  fn = own.pop("distribution_fn", None) or draws.uniform
  bound = _bound_on_distribution(name)
  values = {
    key: parameter.default
    for key, parameter in inspect.signature(fn).parameters.items()
    if parameter.default is not inspect.Parameter.empty
  }
  values.update(bound)
  values.update(_passed(fn, own, bound))
  others = {key: x for key, x in bound.items() if key in _OTHERS}
  values = {key: x for key, x in values.items() if key not in _OTHERS}
  return _Drawn(fn, values, others)


def _draw(
  name: str,
  shape: Sequence[Any],
  distribution_fn: Callable,
  own: dict[str, Optional[float]],
) -> Any:
  """Returns latents of a shape, drawn from the distribution.

  Args:
    name: "z" or "eval_z".
    shape: of the result.
    distribution_fn: the distribution.
    own: {parameter: value or None} of z or eval_z.
  """
  bound = _bound_on_distribution(name)
  passed = _passed(distribution_fn, own, bound)
  _require_ends_in_order(name, {**bound, **passed})
  return distribution_fn(shape=shape, **passed)


def _require_ends_in_order(name: str, values: dict[str, Any]) -> None:
  low, high = values.get("minval"), values.get("maxval")
  numbers = (int, float)
  if not isinstance(low, numbers) or not isinstance(high, numbers):
    return
  if low >= high:
    raise ValueError(
      f"{name}.minval = {low} has to be below {name}.maxval = {high}: they are "
      "the ends of a uniform distribution."
    )


def _passed(
  distribution_fn: Callable,
  own: dict[str, Any],
  bound: dict[str, Any],
) -> dict[str, Any]:
  """Returns the arguments that the distribution is called with.

  Arguments that are bound on it are left to gin. `minval` and `maxval` are for
  a uniform distribution, `stddev` is for a normal one: bindings for which the
  chosen distribution has no parameter are left out, as in the original.
  """
  accepted = inspect.signature(distribution_fn).parameters
  passed: dict[str, Any] = {}
  for name, default in _DEFAULTS.items():
    if name not in accepted:
      continue
    if own.get(name) is not None:
      passed[name] = own[name]
    elif name not in bound:
      passed[name] = default
  return passed


def _bound_on_distribution(name: str) -> dict[str, Any]:
  """Returns {parameter: value} that gin passes to `name`.distribution_fn."""
  found = gin.get_bindings(name, resolve_references=False)
  fn = found.get("distribution_fn")
  while _is_reference(fn) and fn.selector.endswith("macro") and fn.evaluate:
    fn = gin.get_bindings(fn.scoped_selector, resolve_references=False)["value"]
  if _is_reference(fn):
    scopes = list(fn.scopes) or gin.current_scope()
    with gin.config_scope(scopes):
      return gin.get_bindings(fn.selector)
  # A registered function that gin does not wrap gets no arguments from it.
  if fn is None or not hasattr(fn, "__wrapped__"):
    return {}
  try:
    return gin.get_bindings(fn)
  except ValueError:  # It is not registered.
    return {}


def _is_reference(value: Any) -> bool:
  return isinstance(value, gin.config.ConfigurableReference)


def _high(values: dict[str, Any]) -> Any:
  """Returns the upper end of a uniform distribution."""
  return 1.0 if values["maxval"] is None else values["maxval"]


def _number(x: Any) -> str:
  """Returns a number as text, with few digits if that loses nothing."""
  if not isinstance(x, (int, float)):
    return repr(x)
  short = f"{x:g}"
  return short if float(short) == x else repr(x)
