"""Which bindings may change when a training is resumed.

The variables of a checkpoint decide: bindings that make other variables are
refused, and so are those that give the same variables another meaning, such as
another class of optimiser. All others take effect at the step where the
training resumes; `differences` lists them, and the operative config of that
step records them.

Bindings that decide only initial values, such as an initialiser or a seed, have
no effect: those that the training began with are recorded, see gin_roles.py.
"""

import inspect
import os
import re
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.configuration import gin_roles
from compare_gan.configuration import gin_text
from compare_gan.context import scope
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
import gin

_NAMES_SHOWN = 20


class Begun(NamedTuple):
  """A training that has a checkpoint."""

  model_dir: str
  step: int
  shapes: dict[str, tuple[int, ...]]  # of the checkpoint's variables, by name
  config: Optional[str]  # with which the checkpoint was made


class Difference(NamedTuple):
  """A binding that differs from the checkpoint's."""

  name: str
  before: Any
  now: Any


class _Unknown:
  """Stands for a value that neither a gin file nor a signature gives."""

  def __repr__(self):
    return "not bound"


_UNKNOWN = _Unknown()


def find_begun(model_dir: str, last: Optional[int] = None) -> Optional[Begun]:
  """Returns the Begun of a training, or None if it is new.

  Args:
    model_dir: of the training.
    last: step after which checkpoints are ignored.
  """
  for step in sorted(checkpoints.all_steps(model_dir), reverse=True):
    if last is not None and step > last:
      continue
    try:
      shapes, _ = checkpoints.load(
        os.path.join(model_dir, f"model.ckpt-{step}")
      )
    except OSError:  # Damaged: reading it will raise an error.
      continue
    return begun_at_checkpoint(model_dir, step, shapes)
  return None


def begun_at_checkpoint(model_dir: str, step: int, shapes: dict) -> Begun:
  """Returns the Begun of a checkpoint whose {name: shape} is known."""
  name = model_dir_lib.newest_config(model_dir, step)
  config = name and files.read_text(os.path.join(model_dir, name))
  shapes = {name: tuple(shape) for name, shape in shapes.items()}
  return Begun(model_dir, step, shapes, config)


# ---- What is refused ---------------------------------------------------------


def require_same_model(was: Begun, dataset: Any) -> None:
  """Refuses bindings and datasets with which the training cannot resume.

  Raises:
    ValueError: names the bindings, then one example of what they change.
  """
  _require_same_images(was, dataset)
  found = differences(was)
  planned = _planned(dataset)
  example = _unlike(was.shapes, planned)
  if example:
    guilty = [d for d in found if _makes_variables(d, dataset, planned)]
    raise _refusal(was, guilty or found, example)
  guilty = [d for d in found if _replaces_code(d)]
  if guilty:
    example = (
      f"its variables, such as {min(was.shapes)}, have the same shapes, but "
      "their values mean something else"
    )
    raise _refusal(was, guilty, example)


def require_variables(was: Begun, dataset: Any) -> None:
  """Refuses bindings of a model with variables that the checkpoint lacks.

  An evaluation needs no stricter check: the checkpoint may also hold an average
  or optimisers.
  """
  planned = _planned(dataset)
  stored = {n: s for n, s in was.shapes.items() if n in planned}
  example = _unlike(stored, planned)
  if example:
    found = differences(was)
    guilty = [d for d in found if _makes_variables(d, dataset, planned)]
    raise _refusal(was, guilty or found, example)


def _refusal(was, found, example):
  lines = [f"{d.name}: was {d.before!r}, now {d.now!r}" for d in found]
  more = len(lines) - _NAMES_SHOWN
  lines = lines[:_NAMES_SHOWN] + [f"and {more} more"] * (more > 0)
  begin = "; ".join(lines) + ". " if lines else ""
  return ValueError(
    f"{begin}The model in {was.model_dir} cannot be resumed as another one: "
    f"{example}. Give another --model_dir, or the bindings that it had."
  )


def _require_same_images(was, dataset):
  card = model_dir_lib.read_card(was.model_dir)
  if card is None:
    return
  now = {
    "image_shape": list(dataset.image_shape),
    "num_classes": dataset.num_classes,
  }
  unlike = [f"{k} {card[k]}, now {now[k]}" for k in now if card[k] != now[k]]
  if unlike:
    found = differences(was)
    guilty = [d for d in found if _is_of_dataset(d.name)]
    example = f"its dataset had {' and '.join(unlike)}"
    raise _refusal(was, guilty or found, example)


def _is_of_dataset(name):
  selector = name.rpartition("/")[2].rpartition(".")[0]
  try:
    module = gin.get_configurable(selector).__module__
  except (ValueError, KeyError):
    return False
  return module.startswith("compare_gan.datasets.")


def _planned(dataset):
  """Returns {name: shape} of the variables that the bindings make."""
  with scope.building(allocate=False):
    gan = model_dir_lib.make_gan(dataset)
  return {scope.full_name(v): tuple(v.shape) for v in gan.variables}


def _unlike(stored, planned):
  """Returns one difference between two sets of variables, or None."""
  for name in sorted({*stored, *planned}):
    if name not in stored:
      return f"the checkpoint has no {name}, which the bindings need"
    if name not in planned:
      return f"the checkpoint has {name}, which the bindings do not have"
    if stored[name] != planned[name]:
      return (
        f"{name} has the shape {list(stored[name])} in the checkpoint, but "
        f"{list(planned[name])} with the bindings"
      )
  return None


def _makes_variables(difference, dataset, planned):
  """Returns whether the old value alone would make other variables."""
  if _UNKNOWN in (difference.before, difference.now):
    return False  # There is nothing to try.
  try:
    with gin.unlock_config():
      gin.parse_config(f"{difference.name} = {difference.before!r}")
    return _planned(dataset) != planned
  except (ValueError, TypeError, RuntimeError, SyntaxError):
    return True  # It cannot be made with the other bindings.
  finally:
    with gin.unlock_config():
      gin.parse_config(f"{difference.name} = {difference.now!r}")


def _replaces_code(difference):
  """Returns whether other code owns the same variables.

  A class has state, and which class it is decides what the state means; a
  function, such as a loss, has no state.
  """
  values = (difference.before, difference.now)
  return gin_roles.is_code(difference.name) or all(map(_is_class, values))


def _is_class(value):
  if not isinstance(value, gin_text.Word) or not value.startswith("@"):
    return False
  try:
    return inspect.isclass(gin.get_configurable(str(value[1:])))
  except (ValueError, KeyError):
    return False


# ---- Differences -------------------------------------------------------------


def differences(was: Begun) -> list[Difference]:
  """Returns the bindings that differ from the checkpoint's, by name."""
  if was.config is None:
    return []
  before, now = _bindings(was.config), _bindings(gin.config_str())
  found = []
  for name in sorted({*before, *now}):
    values = _value(name, before), _value(name, now)
    if not _is_equal(*values) and not (
      gin_roles.is_path(name) and gin_roles.is_same_path(*values)
    ):
      found.append(Difference(name, *values))
  return found


def describe_difference(difference: Difference, step: int) -> str:
  """Describes what happens to a binding when a training resumes at a step."""
  name, before, now = difference
  if gin_roles.is_first_value(name):
    return (
      f"{name}: {now!r} has no effect, since the training began with "
      f"{before!r} and resumes at step {step}"
    )
  return f"{name}: {before!r} until step {step}, {now!r} from then on"


def config_in_force(config: str, was: Optional[Begun]) -> str:
  """Returns a gin file with the initial values that a training began with.

  Args:
    config: the gin file of what is bound, or was used, now.
    was: the training that resumes; None for a new one.
  """
  if was is None or was.config is None:
    return config
  old, _ = gin_text.read(was.config)
  new, _ = gin_text.read(config)
  first = {n: v for n, v in old.items() if gin_roles.is_first_value(n)}
  for name in new:
    if gin_roles.is_first_value(name):
      config = _without_binding(config, name)
  if not first:
    return config
  return (
    f"{config.rstrip()}\n\n# What the training began with; a resumed training "
    f"does not use it:\n{gin_text.write(first)}"
  )


def _without_binding(config, name):
  """Returns text that gin wrote, without one binding."""
  # A long value continues on indented lines.
  binding = rf"^{re.escape(name)} = (\\\n( .*\n?)+|.*\n?)"
  return re.sub(binding, "", config, flags=re.MULTILINE)


def _bindings(config):
  """Returns {name: value} of a text, with macros replaced by their values."""
  bindings, _ = gin_text.read(config)
  return {
    name: gin_text.resolved(value, bindings)
    for name, value in bindings.items()
    if "." in name
  }


def _value(name, bindings):
  """Returns a parameter's value: as bound, in a scope or not, or a default."""
  scopes, _, parameter = name.rpartition("/")
  parts = scopes.split("/") if scopes else []
  for n in range(len(parts), -1, -1):
    bound = "/".join([*parts[:n], parameter])
    if bound in bindings:
      return bindings[bound]
  return _default(parameter)


def _default(parameter):
  """Returns the default of "selector.parameter"."""
  selector, _, argument = parameter.rpartition(".")
  try:
    signature = inspect.signature(gin.get_configurable(selector))
    default = signature.parameters[argument].default
  except (ValueError, KeyError, TypeError):
    return _UNKNOWN
  if default in (inspect.Parameter.empty, gin.REQUIRED):
    return _UNKNOWN
  return _as_words(default)


def _as_words(value):
  """Returns a default as a gin file would write it."""
  if isinstance(value, (list, tuple)):
    return type(value)(map(_as_words, value))
  if callable(value):
    return gin_text.Word(f"@{value.__name__}")
  return value


def _is_equal(first, second):
  if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
    return len(first) == len(second) and all(map(_is_equal, first, second))
  if isinstance(first, gin_text.Word) and isinstance(second, gin_text.Word):
    short, long = sorted((first, second), key=len)
    # With modules before its name, or without.
    return long == short or long.endswith(f".{short[1:]}")
  is_name = isinstance(first, gin_text.Word), isinstance(second, gin_text.Word)
  return is_name[0] == is_name[1] and first == second
