"""What is required is what setup.py says, read or installed."""

from importlib import metadata
import sys

from compare_gan.doctor import requirements
from compare_gan.doctor.requirements import Requirement
import pytest

from tests import setup_test

pytestmark = pytest.mark.versions("markers depend on Python")


def _names(packages):
  return sorted(one.name for one in packages)


def _that_apply(texts):
  every = [Requirement(text) for text in texts]
  return [one for one in every if not one.marker or one.marker.evaluate()]


def test_setup_py_is_read_as_setuptools_sees_it(monkeypatch):
  said = setup_test.setup_arguments(monkeypatch)
  found = requirements.required()
  assert str(found.python) == said["python_requires"]
  assert _names(found.needed) == _names(_that_apply(said["install_requires"]))
  assert set(found.extras) == set(said["extras_require"])
  for name, texts in said["extras_require"].items():
    assert _names(found.extras[name]) == _names(_that_apply(texts))


class _Installed(metadata.Distribution):
  def read_text(self, filename):
    if filename != "METADATA":
      return None
    return (
      "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: >=3.9\n"
      "Provides-Extra: x\n"
      "Requires-Dist: b>=2\n"
      'Requires-Dist: c; extra == "x"\n'
      'Requires-Dist: d; python_version < "3" and extra == "x"\n'
    )

  def locate_file(self, path):
    raise NotImplementedError


def test_without_setup_py_the_metadata_is_read(monkeypatch, tmp_path):
  monkeypatch.setattr(metadata, "distribution", lambda name: _Installed())
  found = requirements.required(tmp_path)
  assert [str(one) for one in found.needed] == ["b>=2"]
  assert {k: _names(v) for k, v in found.extras.items()} == {"x": ["c"]}
  assert found.python.contains(f"3.{sys.version_info.minor}")


def test_the_setup_py_of_a_neighbour_in_site_packages_is_not_ours(
  monkeypatch, tmp_path
):
  (tmp_path / "setup.py").write_text("raise SystemExit")
  monkeypatch.setattr(metadata, "distribution", lambda name: _Installed())
  assert _names(requirements.required(tmp_path).needed) == ["b"]


def test_a_copy_of_the_package_alone_says_nothing(monkeypatch, tmp_path):
  def missing(name):
    raise metadata.PackageNotFoundError(name)

  monkeypatch.setattr(metadata, "distribution", missing)
  with pytest.raises(requirements.Unknown, match="nor a whole checkout"):
    requirements.required(tmp_path)


@pytest.mark.parametrize(
  "asked,lacking",
  [
    ("pytest", []),
    ("pytest>=1", []),
    ("pytest>=10000", ["pytest>=10000"]),
    ("there-is-no-such-package", ["there-is-no-such-package"]),
  ],
)
def test_what_is_lacking(asked, lacking):
  assert requirements.what_it_lacks(Requirement(asked)) == lacking


def test_what_an_extra_of_a_package_lacks(monkeypatch):
  asked_for = ["numpy", 'pytest; extra == "x"', 'no-such; extra == "x"']
  monkeypatch.setattr(metadata, "requires", lambda name: asked_for)
  assert requirements.what_it_lacks(Requirement("numpy[x]")) == ["no-such"]


def test_another_wheel_may_stand_in_for_tensorflow(monkeypatch):
  def version(name):
    if name == "tensorflow-cpu":
      return "2.6.5"
    raise metadata.PackageNotFoundError(name)

  monkeypatch.setattr(metadata, "version", version)
  assert requirements.version("tensorflow") == "2.6.5"
  assert requirements.version("numpy") is None
