"""Versions that setup.py does not ask for, and packages that do not import."""

import importlib.util

from compare_gan.doctor import child
from compare_gan.doctor import optional_parts
from compare_gan.doctor import own_process
from compare_gan.doctor import requirements
from compare_gan.doctor import versions
from compare_gan.doctor.finding import Asked
import pytest

pytestmark = pytest.mark.versions("each environment has its own packages")


@pytest.fixture
def version(monkeypatch):
  """Makes a function that sets the version of every package."""

  def set_version(found):
    monkeypatch.setattr(requirements, "version", lambda name: found)

  return set_version


_NUMPY = requirements.Requirement("numpy>=1.19,<2")


def test_a_version_that_is_asked_for_is_ok(version):
  version("1.26.4")
  assert versions.package(_NUMPY).state == "ok"


@pytest.mark.parametrize("found", ["2.0.1", "1.18.0"])
def test_a_version_outside_is_wrong(version, found):
  version(found)
  one = versions.package(_NUMPY)
  assert one.state == "wrong"
  assert one.found == f"{found}, outside of <2,>=1.19"
  assert one.advice == 'pip install "numpy<2,>=1.19"'


def test_a_missing_package_is_wrong(version):
  version(None)
  one = versions.package(_NUMPY)
  assert (one.state, one.found) == ("wrong", "not installed")


def test_an_old_python_is_wrong():
  required = requirements.required()
  assert versions.python("3.8.1", required).state == "wrong"
  assert versions.python("3.12.0rc1", required).state == "ok"


def test_failures_come_from_messages_and_from_a_crash():
  answer = own_process.Answer(
    [
      {"begins": "import scipy"},
      {"package": "scipy", "error": "ImportError: a"},
      {"begins": "import numpy"},
      {"package": "numpy", "error": None},
      {"begins": "import tensorflow"},
    ],
    "it was killed by SIGILL",
  )
  assert versions.import_failures(answer) == {
    "scipy": "ImportError: a",
    "tensorflow": "it was killed by SIGILL",
  }


def test_a_processor_that_is_too_old_is_told_apart(version):
  version("1.26.4")
  one = versions.package(_NUMPY, "it was killed by SIGILL")
  assert "AVX" in one.advice
  assert "--force-reinstall" in versions.package(_NUMPY, "no symbol").advice


def test_this_environment_is_ok(monkeypatch):
  monkeypatch.setattr(
    own_process, "ask_library", lambda: own_process.Answer([])
  )
  bad = [one for one in versions.look(Asked()) if one.state != "ok"]
  assert not bad


def test_unknown_requirements_are_absent_and_failures_are_still_wrong(
  monkeypatch,
):
  def unknown():
    raise requirements.Unknown("no setup.py")

  answer = own_process.Answer([{"package": "tensorflow", "error": "no"}])
  monkeypatch.setattr(own_process, "ask_library", lambda: answer)
  monkeypatch.setattr(requirements, "required", unknown)
  found = versions.look(Asked())
  assert [(one.subject, one.state) for one in found] == [
    ("compare_gan", "ok"),
    ("requirements", "absent"),
    ("tensorflow", "wrong"),
  ]
  assert optional_parts.look(Asked())


def test_each_needed_package_is_imported_by_a_module_that_is_there():
  names = [one.name for one in requirements.required().needed]
  modules = [child.module_of(name) for name in names]
  assert all(importlib.util.find_spec(module) for module in modules), modules
