"""Intervals that hold the truth as often as they say."""

import importlib
import inspect
import pkgutil
import tracemalloc

from compare_gan import metrics as metrics_room
from compare_gan.metrics import bootstrap
from compare_gan.metrics import cmmd
from compare_gan.metrics import contract
from compare_gan.metrics import density_coverage
from compare_gan.metrics import fd
from compare_gan.metrics import fid
from compare_gan.metrics import kid
from compare_gan.metrics import memorization
from compare_gan.metrics import neighbours
from compare_gan.metrics import precision_recall
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def _mean(fake_features):
  return {"mean": float(fake_features.mean())}


def test_width_for_a_mean():
  x = np.random.RandomState(0).randn(400, 1)
  low, high = bootstrap.intervals(_mean, {"fake_features": x}, resamples=4000)[
    "mean"
  ]
  error = x.std() / np.sqrt(400)
  assert high - low == pytest.approx(2 * 1.96 * error, rel=0.06)
  assert (high + low) / 2 == pytest.approx(x.mean(), abs=0.1 * error)


def test_level():
  x = {"fake_features": np.random.RandomState(0).randn(400, 1)}
  wide, narrow = (
    np.ptp(bootstrap.intervals(_mean, x, 1000, level)["mean"])
    for level in (0.99, 0.5)
  )
  assert wide == pytest.approx(narrow * 2.576 / 0.674, rel=0.15)


@pytest.mark.parametrize("metric,truth", [(fid.fid, 0.5), (kid.kid, 1.890625)])
def test_intervals_hold_the_truth(metric, truth):
  """Two normal distributions in 2-D, one moved by (1/2, 1/2).

  E (1 + x.y / 2)^3 is 2.5 between two of the one, 5.140625 between two of the
  other, and 2.875 between both.
  """
  (name,) = metric(np.eye(2), np.eye(2))
  hits = 0
  for seed in range(40):
    rng = np.random.RandomState(seed)
    sets = {
      "real_features": rng.randn(300, 2),
      "fake_features": rng.randn(300, 2) + 0.5,
    }
    low, high = bootstrap.intervals(metric, sets, resamples=40)[name]
    hits += low <= truth <= high
  assert hits >= 35
  assert high - low < 2 * truth  # Not by being endless.


def test_bias_of_fid_is_taken_away():
  """FID of equal distributions is 0; 8 columns make 0.1 of it."""
  rng = np.random.RandomState(0)
  sets = {
    "real_features": rng.randn(200, 8),
    "fake_features": rng.randn(200, 8),
  }
  low, high = bootstrap.intervals(fid.fid, sets, resamples=50)["fid"]
  assert fid.fid(**sets)["fid"] > high > 0 > low - 0.05


def test_sets_of_the_same_rows_are_drawn_together():
  seen = []

  def metric(fake_features, fake_labels, real_features):
    assert (fake_features[:, 0] == fake_labels).all()
    assert len(np.unique(fake_labels)) == len(fake_labels)  # No row twice.
    seen.append((len(fake_labels), len(real_features)))
    return {"zero": 0.0}

  sets = {
    "fake_features": np.arange(20.0)[:, None],
    "fake_labels": np.arange(20),
    "real_features": np.zeros([7, 1]),
  }
  assert bootstrap.intervals(metric, sets, 3) == {"zero": (0.0, 0.0)}
  assert seen == [(10, 3)] * 3 + [(20, 7)]


def test_refusals():
  with pytest.raises(ValueError, match=r"The sets fake_\* have \[5, 6\] rows"):
    bootstrap.intervals(
      _mean, {"fake_features": np.zeros([5, 1]), "fake_labels": np.zeros(6)}
    )


def _four_sets(rows=90, columns=3):
  rng = np.random.RandomState(0)
  sets = {
    f"{word}_features": 2.0 + rng.randn(n, columns)
    for word, n in zip(
      ("real", "fake", "train", "heldout"), (rows, 80, 100, 50)
    )
  }
  sets["fake_features"][:20] = sets["real_features"][:20]  # ties
  sets["fake_features"][20:30] = sets["train_features"][:10]
  return sets


_AT_ONCE = [
  cmmd.cmmd,
  density_coverage.density_coverage,
  fd.fd,
  fid.fid,
  kid.kid,
  memorization.memorization,
  precision_recall.precision_recall,
]


def test_all_metrics_that_score_at_once_are_compared():
  marked = {
    value
    for info in pkgutil.iter_modules(metrics_room.__path__)
    for value in vars(
      importlib.import_module(f"{metrics_room.__name__}.{info.name}")
    ).values()
    if inspect.isfunction(value) and contract.scores_resamples(value)
  }
  assert marked == set(_AT_ONCE)


@pytest.mark.parametrize("metric", _AT_ONCE, ids=lambda x: x.__name__)
@pytest.mark.parametrize(
  "rows,columns", [(90, 3), (90, 60), (1100, 2)], ids=str
)
def test_scoring_at_once_equals_scoring_one_by_one(metric, rows, columns):
  """In few rows or many, of full rank or not, over several blocks."""
  sets = _four_sets(rows, columns)
  sets = {name: sets[name] for name in contract.needs(metric)}
  halves = bootstrap.draw_halves(sets, 7, seed=1)
  at_once = metric(**sets, resamples=halves)
  one_by_one = bootstrap.scores_one_by_one(metric, sets, halves)
  assert set(at_once) == set(one_by_one)
  for name, values in one_by_one.items():
    assert np.ptp(values) > 0.0
    np.testing.assert_allclose(at_once[name], values, rtol=1e-6, atol=1e-9)


def test_knobs_that_gin_turns_count_at_once():
  sets = _four_sets()
  sets = {k: sets[k] for k in ("real_features", "fake_features")}
  of_3 = bootstrap.intervals(precision_recall.precision_recall, sets, 5)
  gin.bind_parameter("precision_recall.k", 9)
  of_9 = bootstrap.intervals(precision_recall.precision_recall, sets, 5)
  assert of_3["recall"] != of_9["recall"]


def test_halves_that_are_too_small_are_refused():
  sets = {k: np.eye(6) for k in ("real_features", "fake_features")}
  with pytest.raises(ValueError, match="A subset has 3 rows, but at least 4"):
    bootstrap.intervals(precision_recall.precision_recall, sets, 2)


def test_no_half_is_copied():
  """Features fill much of the memory already."""
  features = np.random.RandomState(0).rand(6000, 100)
  sets = {"real_features": features, "fake_features": features[::-1]}
  tracemalloc.start()
  fid.fid(**sets, resamples=bootstrap.draw_halves(sets, 2, 0))
  _, peak = tracemalloc.get_traced_memory()
  tracemalloc.stop()
  assert peak < 0.5 * features.nbytes  # One half is half of them.


def test_a_given_score_is_not_computed_again():
  calls = []

  def metric(fake_features):
    calls.append(len(fake_features))
    return {"mean": float(fake_features.mean())}

  sets = {"fake_features": np.arange(8.0)}
  given = bootstrap.intervals(metric, sets, 3, scores={"mean": 3.5})
  assert calls == [4, 4, 4]
  assert given == bootstrap.intervals(metric, sets, 3)


@pytest.mark.parametrize("seconds,said", [(0.1, ""), (1.5, "about 5 minutes")])
def test_long_resampling_is_announced(monkeypatch, capsys, seconds, said):
  """200 times 1.5 seconds are 5 minutes."""
  clock = iter(np.arange(1000) * seconds)
  monkeypatch.setattr(bootstrap.time, "monotonic", lambda: next(clock))
  bootstrap.intervals(_mean, {"fake_features": np.arange(8.0)})
  printed = capsys.readouterr().out
  assert said in printed if said else not printed
  assert printed.count("_mean") == bool(said)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_have_no_interval(bad):
  def metric(fake_features):
    return {"bad": bad if 0.0 in fake_features else 1.0, "good": 2.0}

  sets = {"fake_features": np.arange(8.0)}
  assert set(bootstrap.intervals(metric, sets, 9)) == {"good"}


def test_no_kernel_is_computed_twice(monkeypatch):
  """All pairs cost as much for 40 resamples as for one."""
  pairs = []
  kernel = kid._kernel

  def counting(x, y):
    pairs.append(len(x) * len(y))
    return kernel(x, y)

  monkeypatch.setattr(kid, "_kernel", counting)
  x = np.random.RandomState(0).randn(50, 3)
  sets = {"real_features": x, "fake_features": x + 1.0}
  bootstrap.intervals(kid.kid, sets, 40, scores={"kid": 1.0})
  assert sum(pairs) == 3 * 50 * 50  # real, fake, and both


def test_no_distance_is_computed_twice(monkeypatch):
  pairs = []
  squares = neighbours._squares

  def counting(a, a_sizes, b, b_sizes):
    pairs.append(len(a) * len(b))
    return squares(a, a_sizes, b, b_sizes)

  monkeypatch.setattr(neighbours, "_squares", counting)
  x = np.random.RandomState(0).randn(50, 3)
  sets = {"real_features": x, "fake_features": x + 1.0}
  scores = {"precision": 1.0, "recall": 1.0}
  bootstrap.intervals(
    precision_recall.precision_recall, sets, 40, scores=scores
  )
  assert sum(pairs) == 3 * 50 * 50
