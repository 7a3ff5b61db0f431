"""Which of the prepared versions is read."""

import errno
import os

from compare_gan.datasets import tfds_builders
import pytest

from tests.datasets import tfds_images_test
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]


def test_newest_version_is_read(tmp_path):
  tfds_images_test.prepare(tmp_path, "birds", (4, 4, 3), {"train": 10})
  older = tmp_path / "birds" / "0.9.0"
  (tmp_path / "birds" / "1.0.0").rename(older)
  tfds_images_test.prepare(tmp_path, "birds", (4, 4, 3), {"train": 20})
  assert tfds_builders.open_builder("birds", tmp_path, "x").data_dir.endswith(
    "1.0.0"
  )
  with pytest.raises(FileNotFoundError, match="of version 3.0.0"):
    tfds_builders.open_builder("birds:3.0.0", tmp_path, "x")


def test_several_configurations_must_be_told_apart(tmp_path):
  for config in ("big", "small"):
    tfds_images_test.prepare(
      tmp_path, f"birds/{config}", (4, 4, 3), {"train": 10}
    )
  with pytest.raises(ValueError, match="configurations big, small"):
    tfds_images_test.open_dataset(tmp_path, "tfds:birds")
  assert (
    tfds_images_test.open_dataset(tmp_path, "tfds:birds/big").size("train") == 9
  )


def test_version_that_cannot_be_read_is_named(tmp_path, monkeypatch):
  """An older one is not read in its place."""
  for version in ("1.0.0", "0.9.0"):
    folder = tmp_path / "birds" / version
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
  listdir = os.listdir

  def refuse(path):
    if str(path).endswith("1.0.0"):
      raise PermissionError(errno.EACCES, "Permission denied")
    return listdir(path)

  monkeypatch.setattr(os, "listdir", refuse)
  with pytest.raises(PermissionError, match="birds/1.0.0 cannot be read"):
    tfds_builders.open_builder("birds", tmp_path, "x")
