"""What an installation promises; needs no network."""

import importlib.metadata
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

from compare_gan.version import __version__
from packaging import requirements
import pytest
import setuptools

from tests import plain_shell
from tests.packaging import scripts

check_package = scripts.load(".ci/check_package.py")

pytestmark = pytest.mark.versions("an older Python builds and installs it")

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The TensorFlow of each, and its oldest Python.
TENSORFLOW_OF_CONSTRAINTS = {
  "constraints-tf2.6.txt": ("2.6.5", "3.9"),
  "constraints-tf2.15.txt": ("2.15.1", "3.10"),
}


def setup_arguments(monkeypatch, setup_py=ROOT / "setup.py"):
  """Returns what setup.py hands to setuptools.setup."""
  arguments = {}
  monkeypatch.setattr(setuptools, "setup", arguments.update)
  runpy.run_path(str(setup_py))
  return arguments


def package_name(requirement):
  """Returns "tensorflow-hub" for "tensorflow_hub>=0.12; python_version..."."""
  return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")


def pins(path):
  """Returns {package: version} of a constraints file; every line is a pin."""
  versions = {}
  for line in path.read_text(encoding="utf-8").splitlines():
    line = line.partition("#")[0].strip()
    if line:
      pin = re.fullmatch(r"([\w.-]+)==([\w.]+)", line)
      assert pin, f"{path.name}: {line!r} is no exact version"
      name = package_name(pin.group(1))
      assert name not in versions, f"{path.name} pins {name} twice"
      versions[name] = pin.group(2)
  return versions


def test_version_is_read_from_version_py_and_not_from_an_import(
  monkeypatch, tmp_path
):
  shutil.copy(ROOT / "setup.py", tmp_path)
  (tmp_path / "compare_gan").mkdir()
  (tmp_path / "compare_gan/__init__.py").write_text("raise ImportError")
  (tmp_path / "compare_gan/version.py").write_text('__version__ = "9.8.7"\n')
  arguments = setup_arguments(monkeypatch, tmp_path / "setup.py")
  assert arguments["version"] == "9.8.7"


def test_installed_version_is_the_one_of_the_source():
  try:
    installed = importlib.metadata.version("compare_gan")
  except importlib.metadata.PackageNotFoundError:
    pytest.skip("compare_gan is not installed here; make test installs it")
  assert installed == __version__


def test_packages_that_the_library_is_built_on_are_required(monkeypatch):
  required = setup_arguments(monkeypatch)["install_requires"]
  assert {package_name(r) for r in required} >= {
    "tensorflow",
    "gin-config",
    "tensorflow-datasets",
    "tensorflow-hub",
    "tensorflow-gan",
    "numpy",
    "scipy",
  }
  assert "tensorflow>=2.6.5" in required


def test_extras(monkeypatch):
  extras = setup_arguments(monkeypatch)["extras_require"]
  assert {"gpu", "tpu", "study", "features", "onnx", "test"} <= set(extras)
  assert extras["gpu"][0].startswith("tensorflow[and-cuda]")
  assert {package_name(r) for r in extras["study"]} == {
    "pyarrow",
    "ray",
    "submitit",
  }
  # No test is left out for a package that the index has.
  for name in ("study", "features", "onnx"):
    assert set(extras["test"]) > set(extras[name])
  assert {package_name(r) for r in extras["test"]} >= {"pytest"}
  # Another theme may load what this one does not, or look otherwise.
  assert all(re.fullmatch(r"[\w-]+==[\d.]+", r) for r in extras["docs"])
  # Another ruff formats otherwise: what is right here is wrong in CI.
  assert any(re.fullmatch(r"ruff==[\d.]+", r) for r in extras["test"])


def test_each_requirement_has_a_lower_bound_that_the_pins_respect(monkeypatch):
  """`make test-oldest` installs these bounds."""
  required = setup_arguments(monkeypatch)["install_requires"]
  for each in map(requirements.Requirement, required):
    assert any(limit.operator == ">=" for limit in each.specifier), each
    for name in TENSORFLOW_OF_CONSTRAINTS:
      pinned = pins(ROOT / name)[package_name(each.name)]
      assert each.specifier.contains(pinned), f"{name}: {each.name}=={pinned}"


def test_the_oldest_versions_keep_the_limits_of_tensorflow_2_6():
  lines = (ROOT / ".ci/oldest.txt").read_text(encoding="utf-8").splitlines()
  limits = [
    requirements.Requirement(line)
    for line in lines
    if line[:1] not in ("", "#")
  ]
  versions = pins(ROOT / "constraints-tf2.6.txt")
  assert limits
  for each in limits:
    assert each.specifier.contains(versions[package_name(each.name)]), each


def test_its_version_is_said_without_tensorflow(tmp_path):
  code = (
    "import sys; from compare_gan import __main__;"
    " code = __main__.main(['--version']);"
    " heavy = {'tensorflow', 'numpy', 'gin', 'absl'} & {*sys.modules};"
    " assert not heavy, heavy; sys.exit(code)"
  )
  done = plain_shell.run(["-c", code], tmp_path, PYTHONPATH=ROOT)
  assert (done.stdout, done.stderr) == (f"compare_gan {__version__}\n", "")
  assert done.returncode == 0


def test_console_script_is_the_main_of_the_package(monkeypatch):
  scripts = setup_arguments(monkeypatch)["entry_points"]["console_scripts"]
  assert scripts == ["compare_gan = compare_gan.__main__:run"]


def test_a_build_carries_all_files_of_the_package_and_no_other(tmp_path):
  build = ["build", "--build-base", tmp_path, "--build-lib", tmp_path / "lib"]
  subprocess.run(
    [sys.executable, "setup.py", "--quiet", *build],
    cwd=ROOT,
    check=True,
    stdin=subprocess.DEVNULL,
    env=plain_shell.environment(),
  )
  lib = tmp_path / "lib"
  built = {
    path.relative_to(lib).as_posix(): path.read_bytes()
    for path in lib.rglob("*")
    if path.is_file()
  }
  wanted = check_package.wanted(ROOT)
  assert "compare_gan/configs/biggan_cifar.gin" in wanted
  assert sorted(built) == sorted(wanted)
  assert built == wanted


@pytest.mark.parametrize("name", TENSORFLOW_OF_CONSTRAINTS)
def test_constraints_pin_whatever_an_installation_asks_for(monkeypatch, name):
  versions = pins(ROOT / name)
  tensorflow, python = TENSORFLOW_OF_CONSTRAINTS[name]
  assert versions["tensorflow"] == tensorflow
  arguments = setup_arguments(monkeypatch)
  asked_for = (
    arguments["install_requires"] + arguments["extras_require"]["test"]
  )
  here = [requirements.Requirement(r) for r in asked_for]
  names = {
    package_name(r.name)
    for r in here
    if r.marker is None or r.marker.evaluate({"python_version": python})
  }
  missing = names - set(versions) - {"ruff"}  # which has its one in setup.py
  assert not missing, f"{name} lacks {sorted(missing)}"


def test_constraints_of_tensorflow_2_6_fit_its_npu_adapter():
  versions = pins(ROOT / "constraints-tf2.6.txt")
  assert versions["numpy"] == "1.19.5"
  assert versions["keras"] == "2.6.0"
  assert versions["tensorflow-estimator"] == "2.6.0"
  assert versions["protobuf"].startswith("3.")


def test_slow_tests_wait_until_they_are_asked_for(pytestconfig):
  assert ["-m", "not slow"] == pytestconfig.getini("addopts")[:2]
  assert any(m.startswith("slow:") for m in pytestconfig.getini("markers"))
