"""The Vendi score against recorded values and sets of known diversity."""

from compare_gan.metrics import vendi as vendi_lib
from compare_gan.metrics.vendi import vendi
from compare_gan.metrics.vendi import vendi_of_classes
import gin
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


@pytest.mark.parametrize("q", ["0.1", "0.5", "1", "2", "inf"])
@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded(name, q):
  rows = golden2_sets.sets(name)["fake"]
  expected = golden2_sets.value(name, f"vendi_q_{q}")
  found = vendi_lib.vendi_score(rows, float(q))
  assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("q", [0, 0.1, 1, 2, "inf"])
def test_orthogonal_rows_are_all_different(q):
  [score] = vendi(3.0 * np.eye(7), q).values()
  assert score == pytest.approx(7.0, rel=1e-12)


@pytest.mark.parametrize("q", [0, 0.1, 1, 2, "inf"])
@pytest.mark.parametrize("n", [3, 50])  # fewer and more than features
def test_copies_are_one(n, q):
  [score] = vendi(np.tile([1.0, -2.0, 3.0, 0.5], (n, 1)), q).values()
  assert score == pytest.approx(1.0, rel=1e-9)


def test_by_hand():
  """Eigenvalues 3/4 and 1/4."""
  rows = np.float32([[1, 0], [2, 0], [3, 0], [0, 1]])
  scores = vendi(rows)
  expected = 0.75 ** (-0.75) * 0.25 ** (-0.25)
  assert scores == {"vendi": pytest.approx(expected, rel=1e-12)}
  assert vendi(rows, 2) == {"vendi_q2": pytest.approx(1.0 / (9 + 1) * 16)}
  assert vendi(rows, "inf") == {"vendi_qinf": pytest.approx(4.0 / 3.0)}
  # Rows 0, 1 are one, rows 2, 3 are two.
  scores = vendi_of_classes(rows, np.array([4, 4, 9, 9]))
  assert scores == {"vendi_of_classes": pytest.approx(1.5, rel=1e-12)}


def test_blocks_against_all_pairs():
  rows = np.random.RandomState(0).standard_normal((1100, 5))
  units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
  weights = np.linalg.eigvalsh(units @ units.T / 1100)[-5:]
  expected = np.exp(-np.sum(weights * np.log(weights)))
  assert vendi(rows)["vendi"] == pytest.approx(expected, rel=1e-9)


def test_gin_sets_the_order():
  gin.parse_config("vendi.q = 'inf'")
  assert list(vendi(np.eye(2))) == ["vendi_qinf"]


def test_refusals():
  with pytest.raises(ValueError, match="all zeros in row 1"):
    vendi(np.float32([[1, 0], [0, 0]]))
  with pytest.raises(ValueError, match="vendi.q is -1, but it must be"):
    vendi(np.eye(2), -1)
  with pytest.raises(ValueError, match="vendi_of_classes.q is 'two'"):
    vendi_of_classes(np.eye(2), np.arange(2), "two")
  with pytest.raises(ValueError, match=r"fake_labels has shape \(3,\)"):
    vendi_of_classes(np.eye(2), np.arange(3))
