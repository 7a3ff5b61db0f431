"""What only shows once settings are made: first the cheap ones, then the GAN.

Settings, run_config and options check themselves when they are made; so does
every constructor of a GAN, and gans/label_use.py looks at its graph. Here they
are made from the bindings that passed all other checks, the GAN without memory
for weights, and what they raise or warn of is a finding.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import re
from typing import Any
from typing import Optional
import warnings

from compare_gan import console
from compare_gan.checks import findings
from compare_gan.checks import in_force
from compare_gan.checks import reach
from compare_gan.checks.bindings import Binding
from compare_gan.checks.findings import Finding
from compare_gan.checks.in_force import InForce
from compare_gan.configuration import gin_state
from compare_gan.configuration import unread as unread_lib
from compare_gan.context import scope
from compare_gan.datasets import catalogue
from compare_gan.estimator import run_config
from compare_gan.evaluation import settings as settings_lib
from compare_gan.gans import options as options_lib
from compare_gan.storage import model_dir
import gin

# How a warning about a setting begins: "ModularGAN.ema_start_step = 400, but".
SETTING = r"[\w/]+(\.\w+)+ "
_REQUIRED = (
  "dataset.name",
  "options.architecture",
  "options.batch_size",
  "options.gan_class",
  "options.training_steps",
)
_MOST = 5  # errors of a GAN, each looked for without the one before


def check_settings(
  bound: InForce, wrong: Iterable[Finding]
) -> Iterator[Finding]:
  """Yields what options, evaluate, run_config and dataset say of themselves.

  Args:
    bound: the bindings.
    wrong: what was found before: bindings with errors are left out.
  """
  with gin_state.own_gin():
    yield from _bind(bound, _wrong_names(wrong))
    chosen: dict[str, Any] = {}
    for name, make in (
      ("options", options_lib.options),
      ("evaluate", _settings),
      ("run_config", run_config.RunConfig),
      ("dataset", lambda: _dataset(bound)),
    ):
      if not _lacks(name, wrong):
        yield from _collect(bound, make, chosen, name)
    if chosen.get("evaluate") and chosen.get("dataset"):
      yield from _too_many_images(bound, chosen["evaluate"], chosen["dataset"])


def _settings():
  chosen = settings_lib.Settings()
  settings_lib.check_best_by(chosen)
  return chosen


def _dataset(bound):
  """Returns the dataset, None if it would have to be read."""
  name = bound.value("dataset.name")
  if not in_force.is_text(name) or "." in name or ":" in name:
    return None
  # Readers open the user's own files, or ask a server.
  return None if name in catalogue.readers() else catalogue.dataset()


def _lacks(name, wrong):
  """Returns whether something that a maker needs is missing or wrong."""
  lacking = [one for one in _REQUIRED if one.startswith(f"{name}.")]
  names = {one.name.rpartition("/")[2] for one in findings.errors(wrong)}
  return any(one in names for one in lacking)


def _wrong_names(wrong):
  return {one.name for one in findings.errors(wrong)}


def _bind(bound: InForce, left_out: set[str]) -> Iterator[Finding]:
  """Gives gin all bindings but some; yields what gin refuses."""
  given = [one for _, one in bound if one.name not in left_out]
  try:
    gin.parse_config(list(map(str, given)))
    return
  except Exception:  # noqa: BLE001  gin raises several kinds.
    gin.clear_config()
  for binding in given:
    try:
      gin.parse_config(str(binding))
    except Exception as error:  # noqa: BLE001  gin raises several kinds.
      yield findings.error(
        "gin", binding.place, binding.name, console.sentence(error)
      )


def _collect(bound, make: Callable[[], Any], made, name) -> Iterator[Finding]:
  """Makes one setting; yields what it raises and warns of."""
  with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    try:
      made[name] = make()
    except Exception as error:  # noqa: BLE001  What a user wrote is wrong.
      yield _of_message(bound, console.sentence(error), findings.error, name)
  yield from _of_warnings(bound, said, name)


def _of_warnings(bound, said, name):
  for one in said:
    text = str(one.message)
    if re.match(SETTING, text):
      yield _of_message(bound, text, findings.warning, name)


def _of_message(bound, text, make, name) -> Finding:
  """Returns a Finding at the first binding that a message names."""
  found = _first_named(bound, text)
  if found is None:
    return make("settings", findings.NOWHERE, name, text)
  return make("settings", found.place, found.name, text)


def _first_named(bound: InForce, text: str) -> Optional[Binding]:
  """Returns the binding whose name comes first in a text, if any does."""
  found = []
  for key, binding in bound:
    if key.parameter:
      match = re.search(rf"(?<![\w.]){re.escape(binding.plain)}\b", text)
      if match:
        found.append((match.start(), -len(binding.plain), binding))
  return min(found, key=lambda one: one[:2])[2] if found else None


def _too_many_images(bound, chosen, dataset):
  """Yields an error if a split has fewer images than are to be scored."""
  for name, wanted, split in (
    ("evaluate.num_real", chosen.num_real, chosen.split),
    ("evaluate.num_train", chosen.num_train, "train"),
  ):
    size = dataset.known_sizes.get(split)
    if wanted and size is not None and wanted > size:
      binding = bound.binding(name)
      place = binding.place if binding else findings.NOWHERE
      yield findings.error(
        "combination",
        place,
        name,
        f"{name} = {wanted}, but {dataset.name} has {size} images in split "
        f"{split!r}. Set it to {size} or less.",
      )


# ---- The GAN -----------------------------------------------------------------


def check_gan(
  bound: InForce, wrong: Iterable[Finding], running: reach.Running
) -> Iterator[Finding]:
  """Yields what the constructors of the GAN raise and warn of.

  After an error the GAN is made again without the binding that it names.

  Args:
    bound: the bindings.
    wrong: what was found before: bindings with errors are left out.
    running: what runs, for bindings that only a step reads.
  """
  left_out = _wrong_names(wrong)
  if _lacks("options", wrong) or _lacks("dataset", wrong):
    return
  for _ in range(_MOST):
    made: dict[str, Any] = {}
    with gin_state.own_gin():
      list(_bind(bound, left_out))
      found = list(_collect(bound, lambda: _gan(bound), made, "GAN"))
      if made:
        yield from found
        if made["GAN"] is not None and not left_out:
          yield from _unread(bound, running)
        return
    errors = [
      one
      for one in findings.errors(found)
      if not any(_follows_from(one.message, name) for name in left_out)
    ]
    yield from errors
    names = _wrong_names(errors) - {"GAN", ""}
    if not names or names & {*_REQUIRED}:
      return
    left_out = left_out | names


def _follows_from(message, left_out):
  """Returns whether an error says that a binding is missing, or names it."""
  missing = f"required positional argument: '{left_out.rpartition('.')[2]}'"
  return left_out in message or missing in message


def _gan(bound):
  dataset = _dataset(bound)
  if dataset is None:
    return None  # What it holds is not known: the training makes the GAN.
  with scope.building(allocate=False):
    return model_dir.make_gan(dataset)


def try_gan(bound: InForce) -> None:
  """Gives gin the bindings and makes the GAN; gin then knows what was read.

  What cannot be made is left out: `check_gan` says why.
  """
  list(_bind(bound, set()))
  made: dict[str, Any] = {}
  for make in (run_config.RunConfig, _settings, lambda: _gan(bound)):
    list(_collect(bound, make, made, "GAN"))


# Read by a step, or where the training begins.
_READ_LATER = ("z", "loss", "eval_z", "run_config", "tfds_images")


def _unread(bound, running):
  """Yields what no constructor has read; a GAN was made just now."""
  unread = unread_lib.names(batches_are_made=False)
  overridden = bound.overridden_files
  for key, binding in bound:
    canonical = _as_gin_writes(key)
    if canonical not in unread or binding.plain.split(".")[0] in _READ_LATER:
      continue
    if running.is_function_by_reference(key):
      continue
    is_overridden = binding.place.file in overridden
    make = findings.note if is_overridden else findings.warning
    yield make(
      "unread",
      binding.place,
      binding.name,
      f"{binding} has no effect: {unread[canonical]}.",
    )


def _as_gin_writes(key):
  """Returns the name of a binding as gin.config_str() has it."""
  name = gin.config._REGISTRY.minimal_selector(key.selector)
  scope_ = f"{key.scope}/" if key.scope else ""
  return f"{scope_}{name}.{key.parameter}" if key.parameter else key.selector
