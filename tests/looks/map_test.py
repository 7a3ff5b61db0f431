"""Maps of images: principal components by hand, and other methods if asked."""

import argparse
import csv
import sys
import types

from compare_gan.looks import map as map_lib
import numpy as np
import pytest

from tests.looks import tiny


def test_components_of_a_cross():
  rows = np.array([[3, 0, 5], [-3, 0, 5], [0, 1, 5], [0, -1, 5]]) + 10.0
  coordinates, shares = map_lib.pca(rows)
  np.testing.assert_allclose(
    coordinates, [[3, 0], [-3, 0], [0, 1], [0, -1]], atol=1e-12
  )
  np.testing.assert_allclose(shares, [0.9, 0.1])


def test_a_component_points_to_its_largest_coefficient():
  rows = np.array([[0.0, 0.0], [1.0, -2.0]])
  coordinates, _ = map_lib.pca(rows, 1)
  # The component is (-1, 2) / sqrt 5, not its opposite.
  np.testing.assert_allclose(coordinates[:, 0], [5**0.5 / 2, -(5**0.5) / 2])


def test_signs_do_not_hang_on_the_order_of_rows():
  rows = np.random.RandomState(0).rand(9, 4)
  there, _ = map_lib.pca(rows)
  back, _ = map_lib.pca(rows[::-1])
  np.testing.assert_allclose(there, back[::-1], atol=1e-12)


def test_components_beyond_the_rank_are_0():
  coordinates, shares = map_lib.pca(np.array([[1.0], [3.0]]))
  np.testing.assert_allclose(coordinates, [[-1, 0], [1, 0]])
  np.testing.assert_allclose(shares, [1, 0])
  coordinates, shares = map_lib.pca(np.ones([3, 2]))
  assert not coordinates.any() and not shares.any()


@pytest.mark.parametrize("labels", [np.array([2, 0, 1]), None])
@pytest.mark.versions("matplotlib draws, TensorFlow reads the dataset")
def test_table_and_picture(tmp_path, labels):
  images = np.random.RandomState(0).rand(3, 4, 4, 1)
  subject = tiny.look_at(tmp_path, images, labels)
  map_lib.make(subject, argparse.Namespace(map="pca"))
  with open(tmp_path / "map.csv", newline="") as file:
    rows = list(csv.DictReader(file))
  assert [row["set"] for row in rows] == ["real"] * 3 + ["fake"] * 3
  assert [row["label"] for row in rows[:3]] == ["0", "1", "2"]
  of_fakes = ["", "", ""] if labels is None else ["2", "0", "1"]
  assert [row["label"] for row in rows[3:]] == of_fakes
  # The cloud of all is centred, and pixels are in [0, 1].
  places = np.array([[float(row["x"]), float(row["y"])] for row in rows])
  np.testing.assert_allclose(places.mean(axis=0), 0.0, atol=1e-6)
  assert 0.1 < np.abs(places).max() < 4.0
  assert (tmp_path / "map.png").exists()


@pytest.mark.parametrize(
  "method,module,package",
  [("tsne", "sklearn", "scikit-learn"), ("umap", "umap", "umap-learn")],
)
def test_a_package_that_is_not_there_is_a_sentence(
  monkeypatch, method, module, package
):
  monkeypatch.setitem(sys.modules, module, None)  # As if it were not there.
  with pytest.raises(
    ValueError, match=f"--map={method} needs {package}, .*pip"
  ):
    map_lib.check(tiny.Gan(), argparse.Namespace(map=method))


def test_tsne_gets_a_perplexity_that_few_rows_allow(monkeypatch):
  asked = {}

  class TSNE:
    def __init__(self, **settings):
      asked.update(settings)

    def fit_transform(self, rows):
      return rows[:, :2]

  manifold = types.SimpleNamespace(TSNE=TSNE)
  monkeypatch.setitem(
    sys.modules, "sklearn", types.SimpleNamespace(manifold=manifold)
  )
  places, axes = map_lib.project(np.ones([7, 3]), "tsne")
  assert places.shape == (7, 2) and axes == ["t-SNE 1", "t-SNE 2"]
  assert asked["perplexity"] == 2.0 and asked["random_state"] == 0


def test_unknown_methods_are_named_with_those_there_are():
  with pytest.raises(ValueError, match="--map=mds .* pca, tsne, umap"):
    map_lib.check(tiny.Gan(), argparse.Namespace(map="mds"))


def test_too_few_images_are_refused(tmp_path):
  subject = tiny.look_at(tmp_path, np.zeros([1, 4, 4, 1]))
  with pytest.raises(ValueError, match="at least 4 images.*--n"):
    map_lib.make(subject, argparse.Namespace(map="pca"))
