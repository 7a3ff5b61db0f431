"""hf://user/name: what is asked of huggingface_hub, without a network."""

import pathlib
import shutil
import sys
import types

from compare_gan.bundles import archive
from compare_gan.bundles import hub
from compare_gan.bundles import read
from compare_gan.bundles.manifest import BundleError
import pytest

from tests.bundles import tiny


class _Library(types.ModuleType):
  """Stands in for huggingface_hub; repositories are folders."""

  def __init__(self, root):
    super().__init__("huggingface_hub")
    self.root = root
    self.made = []

  def HfApi(self):  # noqa: N802
    return self

  def create_repo(self, repo_id, repo_type, private, exist_ok):
    assert repo_type == "model" and exist_ok
    self.made.append((repo_id, private))

  def upload_folder(self, repo_id, folder_path, repo_type, commit_message):
    assert repo_type == "model" and "compare_gan" in commit_message
    shutil.copytree(folder_path, self.root / repo_id / "main")

  def snapshot_download(self, repo_id, revision, allow_patterns):
    assert {"manifest.json", "weights.safetensors"} < set(allow_patterns)
    folder = self.root / repo_id / (revision or "main")
    if not folder.is_dir():
      raise OSError("404 Repository Not Found")
    return str(folder)


@pytest.fixture
def library(tmp_path, monkeypatch):
  made = _Library(tmp_path / "hub")
  monkeypatch.setitem(sys.modules, "huggingface_hub", made)
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  return made


_FOUND = tiny.with_manifest(tiny.contents())


def test_what_is_pushed_is_pulled(library):
  assert hub.push("me/gan", _FOUND, private=True) == "hf://me/gan"
  assert library.made == [("me/gan", True)]
  assert archive.read(read.find("hf://me/gan"))[1] == _FOUND


def test_a_revision(library):
  hub.push("me/gan", _FOUND)
  root = library.root / "me/gan"
  shutil.copytree(root / "main", root / "v1")
  assert pathlib.Path(hub.pull("hf://me/gan@v1")).name == "v1"


def test_what_is_pulled_is_checked(library):
  hub.push("me/gan", _FOUND)
  (library.root / "me/gan/main/config.gin").write_text("z.stddev = 2.0")
  with pytest.raises(BundleError, match="config.gin has 14 bytes"):
    read.as_model_dir("hf://me/gan")


def test_a_repository_that_is_not_there(library):
  with pytest.raises(OSError, match="hf://me/no cannot be downloaded: 404"):
    hub.pull("hf://me/no")


@pytest.mark.parametrize("name", ["", "me", "me/gan/more", "me/..;", "a b/c"])
def test_what_is_no_repository(library, name):
  with pytest.raises(ValueError, match="user/name"):
    hub.pull(f"hf://{name}")
  with pytest.raises(ValueError, match="user/name"):
    hub.push(name, _FOUND)


def test_without_the_library(monkeypatch):
  monkeypatch.setitem(sys.modules, "huggingface_hub", None)
  with pytest.raises(ImportError, match=r"pip install .compare_gan\[hugging"):
    hub.pull("hf://me/gan")
