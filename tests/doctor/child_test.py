"""What runs in a process of its own: packages, devices, real steps."""

from compare_gan.doctor import child
from compare_gan.estimator import devices
from compare_gan.features import inception_network
import gin
import pytest

from tests.features import inception_test

pytestmark = pytest.mark.versions("imports and steps are TensorFlow's")


def _said(function, *words):
  said = []
  function(said.append, *words)
  return said


@pytest.mark.long
def test_packages_and_devices_are_said_and_announced_before():
  said = _said(child.library)
  errors = {one["package"]: one["error"] for one in said if "package" in one}
  assert errors["tensorflow"] is None
  assert not any(errors.values())
  kinds = {one["kind"]: one["why_not"] for one in said if "kind" in one}
  assert set(kinds) == set(devices.names()) - {"auto"}
  assert kinds["cpu"] is None
  assert "TensorFlow sees no GPU" in kinds["gpu"]
  assert said[0] == {"begins": "import tensorflow"}


def test_a_package_that_does_not_import_has_its_reason(monkeypatch):
  monkeypatch.setitem(child.MODULES, "numpy", "there_is_no_such_module_here")
  assert child._import("numpy") == (
    "ModuleNotFoundError: No module named 'there_is_no_such_module_here'"
  )


def test_without_tensorflow_no_devices_are_looked_for(monkeypatch):
  monkeypatch.setattr(child, "_import", lambda name: f"no {name}")
  said = _said(child.library)
  assert {"package": "tensorflow", "error": "no tensorflow"} in said
  assert {"begins": "list devices"} not in said


@pytest.mark.long
def test_a_real_step_is_timed_and_leaves_gin_as_it_was():
  gin.bind_parameter("options.z_dim", 7)
  begins, done = _said(child.steps, "cpu", "float32")
  assert begins == {"begins": "float32"}
  assert (done["precision"], done["replicas"]) == ("float32", 1)
  assert 0 < done["seconds"] < 60
  assert gin.query_parameter("options.z_dim") == 7


def test_a_device_that_fails_is_said_for_each_precision(monkeypatch):
  def fails(devices, config):
    raise RuntimeError(f"no {config.precision}")

  monkeypatch.setattr(child, "_train", fails)
  said = _said(child.steps, "cpu", "float32", "float16")
  assert [one.get("error") for one in said] == [
    None,
    "RuntimeError: no float32",
    None,
    "RuntimeError: no float16",
  ]


def test_numbers_that_are_not_finite_are_an_error():
  watch = child._watch()
  watch.after_loop(1, 1, 0.5, {"loss/d": 1.0})
  watch.after_loop(2, 1, 0.1, {"loss/d": float("nan")})
  assert watch.result()["error"].startswith("loss/d is nan at step 2")


def test_an_archive_with_the_network_runs(tmp_path):
  members = {inception_network.MEMBER: inception_test._graph()}
  path = inception_test._archive(tmp_path, members)
  begins, done = _said(child.inception, str(path))
  assert begins == {"begins": "read"}
  assert len(done["shapes"]) == 2 and done["identity"]


def test_an_archive_that_is_none_is_said(tmp_path):
  path = tmp_path / "a.tar.gz"
  path.write_bytes(b"abc")
  said = _said(child.inception, str(path))
  assert "cannot be read as a tar.gz archive" in said[-1]["error"]
