"""C_T and Z_U against recorded values, and by hand."""

from compare_gan.metrics import nearest
from compare_gan.metrics.data_copying import c_t
from compare_gan.metrics.data_copying import data_copying
from compare_gan.metrics.data_copying import z_u
import numpy as np
import pytest

from tests.metrics import golden2_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _roles(name):
  return [golden2_sets.sets(name)[r] for r in ("train", "heldout", "fake")]


def _members(name):
  """Cells of the nearest of the first training rows."""
  counts = golden2_sets.value(name, "ct_cell_counts_train_heldout_fake")
  sets = _roles(name)
  centres = sets[0][: len(counts[0])]
  members = [nearest.nearest_rows(rows, centres)[0] for rows in sets]
  for found, expected in zip(members, counts):
    assert np.bincount(found, minlength=len(expected)).tolist() == expected
  return members


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded_z_u(name):
  train, heldout, fake = _roles(name)
  found = z_u(
    nearest.nearest_rows(heldout, train)[1],
    nearest.nearest_rows(fake, train)[1],
  )
  expected = golden2_sets.value(name, "z_u")
  assert found == pytest.approx(expected, rel=1e-9)
  scores = data_copying(train, heldout, fake, cells=2)
  assert scores["c_t_z_u"] == found


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded_c_t(name):
  sets, members = _roles(name), _members(name)
  found, _ = c_t(*sets, *members, tau=20 / len(sets[2]))
  assert found == pytest.approx(golden2_sets.value(name, "ct"), rel=1e-9)
  found, _ = c_t(*sets, *members, tau=0.2)
  assert found == pytest.approx(
    golden2_sets.value(name, "ct_tau_0.2"), rel=1e-9
  )


@pytest.mark.parametrize("name", golden2_sets.CASES)
def test_recorded_cells(name):
  """One cell at a time: the others have no row."""
  sets, members = _roles(name), _members(name)
  for cell, expected in enumerate(golden2_sets.value(name, "ct_z_u_of_cells")):
    own = [rows[which == cell] for rows, which in zip(sets, members)]
    if len(own[2]):
      zeros = [np.zeros(len(rows), int) for rows in own]
      found, share = c_t(*own, *zeros, tau=0.0)
      assert found == pytest.approx(expected, rel=1e-9)
      assert share == 1.0


def test_z_u_by_hand():
  """Fakes at 1, 3 and held-out rows at 2, 3: farther 0 + 0 + 1 + 1/2."""
  found = z_u(np.array([2.0, 3.0]), np.array([1.0, 3.0]))
  deviation = np.sqrt(2 * 2 * 5 / 12)
  assert found == pytest.approx((1.5 - 2.0 + 0.5) / deviation, abs=1e-15)


def test_z_u_changes_sign_with_the_roles_but_for_the_correction():
  rng = np.random.RandomState(0)
  x, y = rng.rand(7), rng.rand(9) + 0.3
  half = 0.5 / np.sqrt(7 * 9 * 17 / 12)
  assert z_u(x, y) - half == pytest.approx(half - z_u(y, x), rel=1e-12)


def _two_clusters(seed, n):
  rows = np.random.RandomState(seed).standard_normal((n, 2))
  rows[: n // 4] += 100.0
  return rows


def test_cells_weigh_as_their_held_out_rows():
  train, heldout, fake = (_two_clusters(s, 80) for s in (0, 1, 2))
  scores = data_copying(train, heldout, fake, cells=2, least_fakes=5)
  total = 0.0
  for part in (slice(0, 20), slice(20, 80)):
    squares = [
      nearest.nearest_rows(x[part], train[part])[1] for x in (heldout, fake)
    ]
    total += z_u(*squares) * len(train[part]) / 80
  assert scores["c_t"] == pytest.approx(total, rel=1e-12)
  assert scores["c_t_share_used"] == 1.0


def test_a_cell_with_few_fakes_is_left_out():
  train, heldout, fake = (_two_clusters(s, 80) for s in (0, 1, 2))
  scores = data_copying(train, heldout, fake, cells=2, least_fakes=20)
  assert scores["c_t_share_used"] == 0.75  # 20 fakes are not more than 20.


def test_copies_are_below_0():
  train, heldout, fake = np.random.RandomState(0).standard_normal((3, 200, 4))
  scores = data_copying(train, heldout, train + 1e-6)
  assert scores["c_t"] < -5 and scores["c_t_z_u"] < -10
  scores = data_copying(train, heldout, fake + 3.0)
  assert scores["c_t"] > 5


def test_cells_are_of_components_where_there_are_many_features():
  train, heldout, fake = np.random.RandomState(0).standard_normal((3, 90, 70))
  scores = data_copying(train, heldout, fake, cells=2)
  assert np.isfinite(scores["c_t"])
  assert scores == data_copying(train, heldout, fake, cells=2)


def test_refusals():
  train, heldout, fake = (_two_clusters(s, 80) for s in (0, 1, 2))
  with pytest.raises(ValueError, match="and 0 held-out ones"):
    data_copying(train, heldout[20:], fake, cells=2)
  with pytest.raises(ValueError, match="No cell has more than 20 of the 18"):
    data_copying(train, heldout, fake[:18], cells=2)
  with pytest.raises(ValueError, match="data_copying.cells is 0"):
    data_copying(train, heldout, fake, cells=0)
  with pytest.raises(ValueError, match="train_features has 2 rows"):
    data_copying(train[:2], heldout, fake)
