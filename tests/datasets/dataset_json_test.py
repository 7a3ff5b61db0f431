"""Images with a dataset.json, in a zip or a folder."""

import io
import json
import os
import zipfile

from compare_gan.datasets import catalogue
import gin
import numpy as np
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data reads it"),
]


def _npy(array):
  file = io.BytesIO()
  np.save(file, array)
  return file.getvalue()


def _images(n=4):
  return {
    f"00000/img{i}.png": pictures.encode(pictures.pixels(i)) for i in range(n)
  }


def _listed(labels):
  return {"dataset.json": json.dumps({"labels": labels}).encode()}


def _pairs(n=4):
  return [[f"00000/img{i}.png", 2 - i % 3] for i in range(n)]


def _open(path, *bindings):
  gin.clear_config()
  gin.parse_config(
    [
      'dataset.name = "dataset_json"',
      f'dataset_json.path = "{path}"',
      "dataset_json.eval_fraction = 0",
      *bindings,
    ]
  )
  return catalogue.dataset()


def _zip(folder, files):
  return pictures.zipped(folder / "cifar.zip", files, zipfile.ZIP_STORED)


def _all(dataset):
  return next(iter(dataset.in_order("train", dataset.size("train"))))


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_labels_are_those_of_the_list(kind, tmp_path):
  files = {**_images(), **_listed(_pairs()[::-1])}  # in any order
  if kind == "zip":
    path = _zip(tmp_path, files)
  else:
    path = pictures.write_tree(tmp_path / "cifar", files)
  dataset = _open(path)
  assert (dataset.name, dataset.num_classes) == ("cifar", 3)
  batch = _all(dataset)
  np.testing.assert_array_equal(batch["labels"], [2, 1, 0, 2])
  np.testing.assert_array_equal(
    np.rint(255 * batch["images"].numpy()[1]), pictures.pixels(1)
  )


@pytest.mark.parametrize("more", [{}, _listed(None)])
def test_without_labels(more, tmp_path):
  assert _open(_zip(tmp_path, {**_images(), **more})).num_classes == 0


def test_npy_is_an_image_with_colors_first(tmp_path):
  array = pictures.pixels(5)
  files = {"00000/img0.npy": _npy(array.transpose(2, 0, 1))}
  batch = _all(_open(_zip(tmp_path, files)))
  np.testing.assert_array_equal(
    np.rint(255 * batch["images"].numpy()[0]), array
  )


def test_npy_of_latents_is_bad(tmp_path):
  files = {**_images(2), "00000/x.npy": _npy(np.zeros([8, 8, 8], np.float32))}
  with pytest.raises(ValueError, match="npy of float32, and pixels are uint8"):
    _open(_zip(tmp_path, files))


@pytest.mark.parametrize(
  "labels, words",
  [
    (_pairs(3), "00000/img3.png has no label"),
    (_pairs(5), "lists 00000/img4.png, one of 1 files that are not there"),
    ([*_pairs(), _pairs()[0]], "'00000/img0.png' twice"),
    ([["00000/img0.png", [0.5, 1.0]]], "not the number of a class"),
    ([["00000/img0.png", True]], "not the number of a class"),
    ({"00000/img0.png": 1}, "are no list"),
  ],
)
def test_wrong_lists_are_refused(labels, words, tmp_path):
  path = _zip(tmp_path, {**_images(), **_listed(labels)})
  with pytest.raises(ValueError, match=words.replace("[", r"\[")):
    _open(path)


def test_list_in_a_folder_below_is_refused(tmp_path):
  files = {**_images(), **_listed(_pairs())}
  path = _zip(tmp_path, {f"cifar/{n}": data for n, data in files.items()})
  with pytest.raises(ValueError, match="holds cifar/dataset.json, but must"):
    _open(path)


def test_identity_changes_with_the_labels(tmp_path):
  stamps = []
  for shift in (0, 1):
    pairs = [[name, (label + shift) % 3] for name, label in _pairs()]
    path = _zip(tmp_path, {**_images(), **_listed(pairs)})
    os.utime(path, ns=(1, 1))  # The file itself looks the same.
    stamps.append(_open(path).stamp("train"))
  assert stamps[0] != stamps[1]
