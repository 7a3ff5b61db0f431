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
  names = {"gpu", "tpu", "study", "features", "onnx", "docs", "test"}
  assert set(extras) == names
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


def test_console_script_is_the_main_of_the_package(monkeypatch):
  scripts = setup_arguments(monkeypatch)["entry_points"]["console_scripts"]
  assert scripts == ["compare_gan = compare_gan.__main__:run"]


def test_a_build_carries_every_config_and_no_test(tmp_path):
  build = ["build", "--build-base", tmp_path, "--build-lib", tmp_path / "lib"]
  subprocess.run(
    [sys.executable, "setup.py", "--quiet", *build],
    cwd=ROOT,
    check=True,
    stdin=subprocess.DEVNULL,
    env=plain_shell.environment(),
  )
  built = tmp_path / "lib" / "compare_gan" / "configs"
  source = ROOT / "configs"
  configs = {p.relative_to(source): p for p in source.rglob("*.gin")}
  assert configs, "configs/ holds no gin file"
  assert {p.relative_to(built) for p in built.rglob("*.gin")} == set(configs)
  for name, path in configs.items():
    assert (built / name).read_bytes() == path.read_bytes()
  assert (tmp_path / "lib" / "compare_gan" / "version.py").exists()
  assert {p.name for p in (tmp_path / "lib").iterdir()} == {"compare_gan"}


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
