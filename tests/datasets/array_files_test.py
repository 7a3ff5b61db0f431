"""Which arrays of files are images, and which are labels."""

import errno
import os

from compare_gan.datasets import array_files
from compare_gan.datasets import array_formats
import numpy as np
import pytest
import scipy.io

from tests.datasets import pictures

_N = 5
_PIXELS = np.stack([pictures.pixels(i) for i in range(_N)])
_LABELS = np.arange(_N) % 3


def _find(path, labels=True, **more):
  given = ("labels_path", "eval_path", "eval_labels_path")
  found = array_files.find(
    str(path), *[more.get(name) for name in given], labels
  )
  return {
    split: (array_formats.read_all(images), labels)
    for split, (images, labels) in found.items()
  }


@pytest.mark.parametrize(
  "names",
  [
    ("x_train", "y_train", "x_test", "y_test"),
    ("X_train", "y_train", "X_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
  ],
)
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_names_of_both_splits(kind, flat, names, tmp_path):
  pixels = _PIXELS.reshape(_N, -1) if flat else _PIXELS
  arrays = (pixels, _LABELS[:, None], pixels[:2], _LABELS[:2, None])
  path = tmp_path / f"x.{kind}"
  save = np.savez if kind == "npz" else lambda p, **a: scipy.io.savemat(p, a)
  save(path, **dict(zip(names, arrays)))
  found = _find(path)
  for split, (images, labels) in zip(
    ("train", "eval"), (arrays[:2], arrays[2:])
  ):
    np.testing.assert_array_equal(found[split][0], images)
    np.testing.assert_array_equal(found[split][1], labels)


def test_labels_by_another_name_are_not_lost(tmp_path):
  path = tmp_path / "x.npz"
  np.savez(path, images=_PIXELS, targets=_LABELS)
  with pytest.raises(ValueError, match="'targets' the labels of 'images'"):
    _find(path)
  assert _find(path, labels=False)["train"][1] is None
  np.save(tmp_path / "y.npy", _LABELS)
  found = _find(path, labels_path=str(tmp_path / "y.npy"))
  np.testing.assert_array_equal(found["train"][1], _LABELS)


def test_labels_of_cifar100(tmp_path):
  data = {"data": _PIXELS.reshape(_N, -1), "fine_labels": _LABELS[:, None]}
  for name in ("train", "test"):
    scipy.io.savemat(
      tmp_path / f"{name}.mat", {**data, "coarse_labels": _LABELS[:, None] * 0}
    )
  scipy.io.savemat(tmp_path / "meta.mat", {"x": 1.0})
  found = _find(tmp_path)
  for split in ("train", "eval"):
    np.testing.assert_array_equal(found[split][1][:, 0], _LABELS)


def test_arrays_that_would_be_left_out(tmp_path, caplog):
  path = tmp_path / "x.npz"
  np.savez(path, _PIXELS, _LABELS, _PIXELS, _LABELS)
  with pytest.raises(ValueError, match="arr_2.*Store them by name"):
    _find(path)
  np.savez(path, images=_PIXELS, masks=_PIXELS[..., 0])
  _find(path)
  assert "the arrays masks are not used" in caplog.text


def test_zip_of_other_files_is_no_npz(tmp_path):
  path = pictures.zipped(tmp_path / "x.npz", pictures.tree())
  with pytest.raises(ValueError, match="such as a/0.png.*'archive'"):
    _find(path)


# ---- Folders -----------------------------------------------------------------


def _svhn(path, n):
  images = np.stack([pictures.pixels(i, 32, 32) for i in range(n)], axis=-1)
  labels = (np.arange(n) % 10 + 1)[:, None].astype(np.uint8)
  scipy.io.savemat(path, {"X": images, "y": labels})


def test_folder_of_train_and_test_files(tmp_path, caplog):
  for name, n in (("train", 12), ("test", 10), ("extra", 11)):
    _svhn(tmp_path / f"{name}_32x32.mat", n)
  found = _find(tmp_path)
  assert found["train"][0].shape == (32, 32, 3, 12)
  assert found["eval"][0].shape == (32, 32, 3, 10)
  assert "are used, not extra_32x32.mat" in caplog.text


@pytest.mark.parametrize(
  "names", [("a", "b"), ("x_train", "y_train", "x_test"), ("train", "other")]
)
def test_folder_of_unclear_files(names, tmp_path):
  for name in names:
    np.save(tmp_path / f"{name}.npy", _PIXELS)
  with pytest.raises(ValueError, match="files are .*npy. Name one file"):
    _find(tmp_path)


def test_batch_that_is_missing_is_named(tmp_path):
  for i in (1, 2, 4, 10):
    data = {"data": _PIXELS, "labels": _LABELS[:, None]}
    scipy.io.savemat(tmp_path / f"data_batch_{i}.mat", data)
  with pytest.raises(FileNotFoundError, match="data_batch_3.mat is missing"):
    _find(tmp_path)


@pytest.mark.parametrize("name", ["eval_path", "labels_path"])
def test_folder_in_the_place_of_a_file_is_refused(name, tmp_path):
  np.save(tmp_path / "x.npy", _PIXELS)
  with pytest.raises(ValueError, match=f"{name} = .* is a folder"):
    _find(tmp_path / "x.npy", **{name: str(tmp_path)})
  with pytest.raises(FileNotFoundError, match=f"{name} = .*no such file"):
    _find(tmp_path / "x.npy", **{name: str(tmp_path / "y.npy")})


def test_path_that_cannot_be_looked_at_is_no_missing_one(tmp_path, monkeypatch):
  def refuse(path, *args, **kwargs):
    raise PermissionError(errno.EACCES, "Permission denied")

  monkeypatch.setattr(os, "stat", refuse)
  with pytest.raises(PermissionError, match="x.npy cannot be read"):
    _find(tmp_path / "x.npy")


@pytest.mark.parametrize("name", ["run[1]", "a*b", "what?"])
def test_letters_of_patterns_are_letters(name, tmp_path):
  for folder, n in ((name, 5), ("run1", 2), ("aXb", 2), ("whatX", 2)):
    (tmp_path / folder).mkdir()
    data = {"data": _PIXELS[:n], "labels": _LABELS[:n, None]}
    scipy.io.savemat(tmp_path / folder / "data_batch_1.mat", data)
    np.save(tmp_path / folder / "x.npy", _PIXELS[:n])
  assert len(_find(tmp_path / name)["train"][0]) == 5
  assert len(_find(tmp_path / name / "x.npy")["train"][0]) == 5
