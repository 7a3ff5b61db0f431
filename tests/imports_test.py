"""Who may import whom: the rooms of the house and their doors."""

import ast
import graphlib
import pathlib
import re
import subprocess
import sys

import pytest

from tests import plain_shell

_PACKAGE = pathlib.Path(__file__).parent.parent / "compare_gan"

# A room may import itself, the leaves, and what stands here: rooms, or single
# modules of a room. Rooms of a room have doors of their own where it says so.
_LEAVES = {
  "configuration.accepted",
  "configuration.dotted_path",
  "configuration.gin_roles",
  "configuration.gin_text",
  "configuration.moved",
  "console.messages",
  "context",
  "memory.allocation",
  "memory.memory_limit",
  "storage.files",
  "storage.locks",
  "storage.score_row",
  "version",
}
_ANY = object()
_MAY_IMPORT = {
  "__init__": set(),
  "__main__": {"commands", "console"},
  "main": _ANY,
  "runner_lib": {
    "configuration",
    "estimator",
    "evaluation",
    "gans",
    "memory",
    "schedules",
    "storage",
    "trackers",
  },
  "schedules": {
    "bundles.read",
    "configuration",  # what nothing has read is said before the first step
    "estimator",
    "evaluation",
    "gans",
    "looks.views",
    "memory",
    "pictures",
    "reproduction.bill",
    "storage",
    "trackers",
    "watchdogs",
  },
  "commands": _ANY,
  "bundles": {
    "architectures.abstract_arch",
    "configuration",
    "datasets.cache",
    "evaluation",
    "gans",
    "pictures",
    "storage",
  },
  "checks": _ANY,  # asks each room what it accepts
  "configuration": {"configuration"},
  "configuration.gin_files": _ANY,  # makes all names known to gin
  "configuration.gin_externals": {"gans"},
  "configuration.unread": {"gans.latents", "gans.optimizer"},
  "configuration.kinds": _ANY,  # asks each room what there is
  "context": set(),
  "console": set(),
  "storage": {"storage"},
  "storage.model_dir": {"configuration", "gans"},
  "storage.restart": {"estimator"},
  "storage.best_checkpoint": {"evaluation.protocol", "metrics.contract"},
  "storage.score_tables": {"configuration", "evaluation.protocol"},
  "fit": {
    "checks.check",
    "configuration",
    "console",
    "datasets.catalogue",
    "estimator",
    "evaluation.settings",
    "gans.options",
    "memory",
    "storage.model_dir",
  },
  "memory": set(),
  "memory.memory_check": {"layers.attention"},
  "layers": set(),
  "architectures": {"layers"},
  "gans": {"architectures.abstract_arch", "architectures.outputs", "layers"},
  "datasets": set(),
  "metrics": set(),
  "trackers": set(),
  "estimator": {"storage.checkpoints", "trackers"},
  "estimator.snapshot_hook": {"storage.snapshots"},
  "features": {
    "datasets.abstract_dataset",
    "datasets.cache",
    "layers",
    "metrics.fid",
    "metrics.rows",
  },
  "evaluation": {
    "datasets.abstract_dataset",
    "features",
    "gans.abstract_gan",
    "metrics",
  },
  "evaluation.model_sets": {
    "datasets.abstract_dataset",
    "gans.abstract_gan",
    "gans.latents",
    "metrics.contract",
  },
  "evaluation.ddls": {"gans"},
  "evaluation.log_ratio": {"gans"},
  "evaluation.rejection": {"gans"},
  "evaluation.post_hoc": {"gans", "storage.snapshots"},
  "evaluation.moments": {"gans.abstract_gan"},
  "evaluation.sampling": {"gans", "layers"},
  "evaluation.microscope": {
    "datasets.abstract_dataset",
    "gans.penalty_lib",
    "layers",
  },
  "pictures": set(),
  # Light: what needs TensorFlow is for a process of its own.
  "doctor": {"datasets.places", "features.inception_network", "memory"},
  "doctor.child": {
    "configuration",
    "datasets.noise",
    "estimator",
    "features.inception",
    "gans.options",
    "storage.model_dir",
  },
  "export": {"gans", "architectures.abstract_arch", "layers"},
  "export.web": {"pictures.html_page"},
  # The quantiles of z, if its columns are alike.
  "export.formats.web": {"gans.latent_codes", "looks.views"},
  "looks": {
    "datasets.cache",
    "evaluation.moments",
    "evaluation.sampling",
    "features",
    "gans.abstract_gan",
    "gans.latents",
    "layers",
    "metrics.neighbours",
    "pictures",
  },
  "ascend.commands": _ANY,
  "ascend": {"estimator.hook_kinds", "estimator.hooks", "export"},
  # Which images a model card's folder holds.
  "ascend.zoo": {"datasets.numbered_files", "datasets.image_decoding"},
  # What identifies code, images and scores, and a hook that ends a rerun.
  "reproduction": {
    "configuration",
    "datasets.abstract_dataset",
    "estimator",
    "evaluation.cards",
    "evaluation.protocol",
    "features.fingerprint",
    "storage",
  },
  # It imports what a training does.
  "study.run.fork_server": {
    "checks.check",
    "configuration.gin_files",
    "console",
    "runner_lib",
  },
  # Runs are processes; a plan looks at what they will be.
  "study": {
    "configuration",
    "console",
    "datasets.catalogue",
    "estimator.devices",
    "estimator.run_config",
    "evaluation.protocol",
    "evaluation.settings",
    "features.inception_network",
    "memory",
    "metrics.contract",
    "pictures.html_page",
    "storage.model_dir",
  },
  "watchdogs": {
    "estimator.hook_kinds",
    "estimator.hooks",
    "evaluation.sampling",
    "gans.batches",
    "gans.seen",
    "storage.checkpoints",
    "storage.healthy_checkpoint",
  },
  "version": set(),
}


def _modules():
  for path in sorted(_PACKAGE.rglob("*.py")):
    parts = path.relative_to(_PACKAGE).with_suffix("").parts
    yield ".".join(parts), ast.parse(path.read_text())


def _imports(tree):
  """Yields the modules of ours that a module imports, "layers.conv"."""
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
      assert not node.level, "imports are absolute"
      names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
      continue
    for name in names:
      if name.startswith("compare_gan."):
        yield name[len("compare_gan.") :]


def _room(module):
  """Returns the smallest room, or module, of the table that holds a module."""
  while module and module not in _MAY_IMPORT:
    module = module.rpartition(".")[0]
  return module


def _is_allowed(room, imported):
  allowed = _MAY_IMPORT[room]
  if allowed is _ANY:
    return True
  return any(
    imported == door or imported.startswith(f"{door}.")
    for door in {room.split(".")[0]} | allowed | _LEAVES
  )


_MODULES = list(_modules())


@pytest.mark.parametrize(
  "module,tree", _MODULES, ids=[name for name, _ in _MODULES]
)
def test_doors(module, tree):
  room = _room(module)
  assert room, f"{module} is new: write down what it may import"
  for imported in _imports(tree):
    assert _is_allowed(room, imported), f"{module} imports {imported}"


def _names(tree):
  """Returns all dotted names that a module uses, "tf.distribute.Strategy"."""
  return {
    ast.unparse(node)
    for node in ast.walk(tree)
    if isinstance(node, ast.Attribute)
  } | {name for node in ast.walk(tree) for name in _imported_roots(node)}


def _imported_roots(node):
  if isinstance(node, ast.Import):
    return [alias.name for alias in node.names]
  if isinstance(node, ast.ImportFrom):
    return [node.module]
  return []


@pytest.mark.parametrize(
  "module,tree", _MODULES, ids=[name for name, _ in _MODULES]
)
def test_nothing_needs_keras(module, tree):
  used = [name for name in _names(tree) if "keras" in name.split(".")]
  assert not used


@pytest.mark.parametrize(
  "module,tree", _MODULES, ids=[name for name, _ in _MODULES]
)
def test_only_the_estimator_knows_strategies(module, tree):
  if module.startswith("estimator."):
    return
  used = [
    name
    for name in _names(tree)
    if name.startswith("tf.distribute") or name.split(".")[0] == "npu_device"
  ]
  assert not used


@pytest.mark.parametrize(
  "module,tree", _MODULES, ids=[name for name, _ in _MODULES]
)
def test_only_main_reads_flags(module, tree):
  if module != "main":
    assert not [name for name in _names(tree) if name.startswith("absl")]


_OF_AN_NPU = re.compile(
  r"(?<![A-Z])NPU|\bnpu\b|_npu|npu_|Ascend|\bCANN\b|msame|\batc\b"
)
_KNOW_AN_NPU = ("estimator.devices.npu.", "ascend.")


@pytest.mark.parametrize(
  "module",
  [name for name, _ in _MODULES if not name.startswith(_KNOW_AN_NPU)],
)
def test_only_rooms_of_its_own_know_an_npu(module):
  path = _PACKAGE / f"{module.replace('.', '/')}.py"
  assert not _OF_AN_NPU.findall(path.read_text("utf-8"))


def test_devices_do_not_import_each_other_in_a_circle():
  modules = {
    name.removesuffix(".__init__"): tree
    for name, tree in _MODULES
    if name.startswith("estimator.")
  }
  needs = {
    name: {_module_among(modules, imported) for imported in _imports(tree)}
    - {None}
    for name, tree in modules.items()
  }
  assert needs["estimator.devices.gpu"] >= {"estimator.devices.hosts"}
  graphlib.TopologicalSorter(needs).prepare()  # Raises a CycleError.


def _module_among(modules, imported):
  """Returns the module that has the name "estimator.stop.Requests", or None."""
  while imported and imported not in modules:
    imported = imported.rpartition(".")[0]
  return imported or None


def _loaded_with(name):
  """Returns the modules that are there after importing one."""
  code = f"import {name}, sys; print(*sys.modules)"
  return subprocess.run(
    [sys.executable, "-c", code],
    capture_output=True,
    text=True,
    check=True,
    cwd=_PACKAGE.parent,
    env=plain_shell.checkout(),
  ).stdout.split()


def test_import_is_light():
  """Neither TensorFlow nor any optional package comes with the name."""
  heavy = {"tensorflow", "numpy", "scipy", "gin", "matplotlib"}
  assert not heavy & set(_loaded_with("compare_gan"))


@pytest.mark.long
def test_checking_a_configuration_loads_no_statistics_of_scipy(tmp_path):
  """They take long, and every training begins with the checks."""
  code = (
    "import sys; from compare_gan.checks import check; "
    "check.require(['sndcgan_shapes16.gin'], [], False); print(*sys.modules)"
  )
  done = plain_shell.run(["-c", code], plain_shell.ROOT, tmp_path)
  assert "compare_gan.checks.known" in done.stdout.split(), done.stderr
  assert "scipy.stats" not in done.stdout.split()


@pytest.mark.parametrize("card", ["dcgan", "biggan", "bigbigan"])
def test_plans_of_model_cards_are_light(card):
  assert "tensorflow" not in _loaded_with(f"compare_gan.ascend.zoo.{card}")


@pytest.mark.long
@pytest.mark.versions("an older Python lacks syntax and modules")
def test_every_module_can_be_imported(tmp_path):
  names = [
    f"compare_gan.{name}" for name, _ in _MODULES if not name.endswith("__")
  ]
  code = f"import importlib\nfor n in {names!r}: importlib.import_module(n)"
  done = plain_shell.run(["-c", code], plain_shell.ROOT, tmp_path)
  assert done.returncode == 0, done.stderr
