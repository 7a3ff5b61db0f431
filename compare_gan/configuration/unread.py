"""Bindings without a reader: what gin files set and a training does not use."""

import inspect
import re

from compare_gan.configuration import gin_roles
from compare_gan.configuration import gin_text
import gin

# Modules whose names are read only by an evaluation, by a study, on another
# device, or in a training after its first step.
_READ_LATER = (
  "compare_gan.evaluation",
  "compare_gan.features",
  "compare_gan.metrics",
  "compare_gan.study",
)
# The objects that these refer to are made when a training starts.
_MADE_LATER = ("run_config.hooks", "run_config.trackers")
_NAMES_READ_LATER = ("eval_z", "eval_imagenet_transform")
_NAMES_READ_BY_BATCHES = ("train_imagenet_transform",)
# A GAN reads these without a call: {name: options.gan_class}.
_READ_WITHOUT_A_CALL = {"loss.fn": "@BigBiGAN"}


def names(batches_are_made: bool = True) -> dict[str, str]:
  """Returns {name: reason} of the bindings that the training does not use.

  Call this once the GAN is made and its step is traced: a binding that is
  unread by then is never read. Bindings for an evaluation are left out, and so
  are the names that they refer to.

  Args:
    batches_are_made: False if the dataset has not made any batches yet.
  """
  bound, _ = gin_text.read(gin.config_str())
  used, _ = gin_text.read(gin.operative_config_str())
  waiting = list(_NAMES_READ_LATER)
  if not batches_are_made:
    waiting += _NAMES_READ_BY_BATCHES
  later = _selectors_read_later(bound, waiting)
  read = _names_read(bound, used)
  found = {}
  for name in bound:
    selector = _parts(name)[1]
    if "." not in name:  # A macro is read by any binding with it.
      if not any(_refers_to_macro(value, name) for value in bound.values()):
        found[name] = "no binding refers to this macro"
    elif selector not in later and name not in read:
      if used.get("options.gan_class") != _READ_WITHOUT_A_CALL.get(name, ""):
        found[name] = _why_unread(name, used)
  found.update(_bindings_without_effect(bound, used))
  return found


def in_words(batches_are_made: bool = True) -> str:
  """Returns a block of lines on `names()`, "" if there is nothing to say."""
  found = names(batches_are_made)
  if not found:
    return ""
  lines = [f"  {name}: {reason}" for name, reason in sorted(found.items())]
  return "\n".join(["Bindings that nothing reads:", *lines])


def print_in_words() -> None:
  """Prints what `in_words` returns, if anything."""
  words = in_words()
  if words:
    print(words, flush=True)


def _parts(name):
  """Returns the scope, selector and parameter of "scope/selector.parameter"."""
  scope, _, rest = name.rpartition("/")
  selector, _, parameter = rest.rpartition(".")
  return scope, selector, parameter


def _module_of(selector):
  return getattr(_configurable(selector), "__module__", None) or ""


def _configurable(selector):
  """Returns the function or class behind a selector; None if there is none."""
  try:
    return gin.get_configurable(selector)
  except (ValueError, LookupError):
    return None


def _selectors_read_later(bound, names):
  """Returns the selectors that are read later, and those that they refer to.

  Args:
    bound: {name: value} of all bindings.
    names: the last parts of selectors that are read later.
  """
  selectors = {_parts(name)[1] for name in bound}
  later = {
    selector
    for selector in selectors
    if selector.rpartition(".")[2] in names
    or gin_roles.is_read_later(selector)
    or _is_in(_module_of(selector), _READ_LATER)
  }
  for name, value in bound.items():
    if name.rpartition("/")[2] in _MADE_LATER:
      later |= _selectors_in(value, bound)
  waiting = list(later)
  while waiting:
    selector = waiting.pop()
    for name, value in bound.items():
      if _parts(name)[1] == selector:
        new = _selectors_in(value, bound) - later
        later |= new
        waiting += new
  return later


def _is_in(module, rooms):
  return any(module == room or module.startswith(f"{room}.") for room in rooms)


def _selectors_in(value, bound):
  """Returns the selectors that a value refers to, also through macros."""
  found = set()
  for name in re.findall(r"@(?:[\w.]+/)*([\w.]+)", repr(value)):
    found |= {
      selector
      for selector in {_parts(other)[1] for other in bound}
      if _configurable(selector) is _configurable(name)
    }
  for macro in re.findall(r"%([\w.]+)", repr(value)):
    if macro in bound and macro not in repr(bound[macro]):
      found |= _selectors_in(bound[macro], bound)
  return found


def _refers_to_macro(value, name):
  return re.search(rf"%{re.escape(name)}(?![\w.])", repr(value)) is not None


def _names_read(bound, used):
  """Returns the names of the bindings that gave a value to a call.

  A call in the scope a/b reads the binding in a/b, else the one in a, else the
  one without a scope.
  """
  read = set()
  for name in used:
    if "." not in name:
      continue
    scope, selector, parameter = _parts(name)
    parts = scope.split("/") if scope else []
    for length in range(len(parts), -1, -1):
      outer = "/".join([*parts[:length], f"{selector}.{parameter}"])
      if outer in bound:
        read.add(outer)
        break
  return read


def _why_unread(name, used):
  """Returns why no call has read the binding."""
  scope, selector, parameter = _parts(name)
  module = _module_of(selector)
  scopes = {_parts(other)[0] for other in used if _parts(other)[1] == selector}
  if scopes:
    if not any(f"{s}/".startswith(f"{scope}/") for s in scopes) and scope:
      return f"nothing runs @{selector} in the scope {scope!r}"
    if parameter == "learning_rate" and _is_optimizer(selector):
      return "ModularGAN.g_lr and ModularGAN.d_lr set it"
    return f"the caller of @{selector} passes another value"
  for room, choice in _CHOICES:
    chosen = _chosen(choice, used)
    is_of_room = _is_in(module, [room]) if room else _is_optimizer(selector)
    if is_of_room and chosen is not None:
      return f"{choice} is {chosen}"
  return f"nothing calls @{selector}"


def _is_optimizer(selector):
  from compare_gan.gans import optimizer

  made = _configurable(selector)
  return inspect.isclass(made) and issubclass(made, optimizer.Optimizer)


def _chosen(name, used):
  """Returns the value of a parameter in gin's syntax, None if it is unknown."""
  if name in used:
    return repr(used[name])
  # gin does not record defaults that it cannot parse.
  _, selector, parameter = _parts(name)
  signature = inspect.signature(_configurable(selector))
  default = signature.parameters[parameter].default
  is_reference = inspect.isroutine(default) or inspect.isclass(default)
  return f"@{default.__name__}" if is_reference else None


# The choices that decide which names of a module are called.
_CHOICES = (
  ("compare_gan.architectures", "options.architecture"),
  ("compare_gan.gans.penalty_lib", "penalty.fn"),
  ("compare_gan.gans.terms", "penalty.fn"),
  ("compare_gan.gans.heads", "ModularGAN.class_head"),
  ("compare_gan.gans.loss_lib", "loss.fn"),
  ("compare_gan.gans.tfgan_losses", "loss.fn"),
  ("", "ModularGAN.g_optimizer_fn"),  # optimisers are told by their class
  ("compare_gan.gans", "options.gan_class"),
  ("compare_gan.datasets", "dataset.name"),
)


def _bindings_without_effect(bound, used):
  """Returns {name: reason} of bindings that are read but have no effect."""
  from compare_gan.gans import latents

  found = {}
  for names, choice, value in WITHOUT_EFFECT:
    if _chosen(choice, used) == value:
      reason = f"{choice} is {value}"
      for name in bound:
        plain = name.rpartition("/")[2]
        if plain in names and not _is_default(plain, bound[name]):
          found[name] = reason
  for distribution in ("z", "eval_z"):
    for parameter, reason in latents.ignored(distribution).items():
      found[f"{distribution}.{parameter}"] = reason
  return found


def _is_default(name, value):
  _, selector, parameter = _parts(name)
  parameters = inspect.signature(_configurable(selector)).parameters
  return parameter in parameters and parameters[parameter].default == value


# Names, and the choice with which they have no effect.
WITHOUT_EFFECT = (
  (
    (
      "ModularGAN.ema_decay",
      "ModularGAN.ema_start_step",
      "ModularGAN.ema_warmup",
    ),
    "ModularGAN.g_use_ema",
    "False",
  ),
  (
    ("ModularGAN.fit_label_distribution",),
    "ModularGAN.conditional",
    "False",
  ),
  (
    ("standardize_batch.decay",),
    "standardize_batch.use_moving_averages",
    "False",
  ),
  (("options.lamba",), "penalty.fn", "@no_penalty"),
  (("g_penalty.weight",), "g_penalty.fn", "None"),
  (("augmentation.p",), "augmentation.policy", "''"),
)
