"""FID against closed forms, exact arithmetic and recorded packages."""

import decimal
import fractions

from compare_gan.metrics import fid
import numpy as np
import pytest
import scipy.linalg

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_DISTANCES = golden_sets.keys("fid/.*", 42)
_PARTS = golden_sets.keys("fid_(diag|mean_only)/.*", 14)
KEYS = _DISTANCES + _PARTS


def _marked(keys):
  return [
    pytest.param(key, marks=pytest.mark.slow) if "/A2048" in key else key
    for key in keys
  ]


def _normal(seed, n, d):
  return np.random.RandomState(seed).standard_normal((n, d))


def _fid(real, fake):
  return fid.fid(real, fake)["fid"]


def _tolerance(key):
  """How well the reference itself agrees with exact arithmetic."""
  if "cross_svd" in key:
    return 1e-9
  if "R500" in key or "torch_fidelity" in key:
    return 1e-6  # Roots of null eigenvalues; a mean in float32.
  if "f32in" in key:
    return 3e-8  # The result is cast to float32.
  return 1e-7 if "2048" in key else 1e-9


@pytest.mark.parametrize("key", _marked(_DISTANCES))
def test_recorded(key):
  name = key.split("/")[1]
  real, fake = golden_sets.pair(name)
  # Traces are 1.7 to 4.3.
  absolute = 1e-9 if "identical" in name else 0.0
  np.testing.assert_allclose(
    _fid(real, fake), golden_sets.value(key), _tolerance(key), absolute
  )


@pytest.mark.parametrize("key", _marked(_PARTS))
def test_recorded_parts(key):
  """Without covariances, or with the diagonals of biased ones."""
  gaussians = []
  for rows in golden_sets.pair(key.split("/")[1]):
    x = rows.astype(np.float64)
    if "diag" in key:
      # Columns one by one: the distance of independent ones is the sum.
      gaussians.append(
        [
          fid.Gaussian(np.array([m]), np.array([[s]]))
          for m, s in zip(x.mean(0), x.std(0))
        ]
      )
    else:
      nothing = np.zeros([0, x.shape[1]])
      gaussians.append([fid.Gaussian(x.mean(0), nothing)])
  found = sum(fid.frechet_distance(p, q) for p, q in zip(*gaussians))
  absolute = 1e-9 if "identical" in key else 0.0
  np.testing.assert_allclose(found, golden_sets.value(key), 1e-9, absolute)


def test_by_hand():
  # Means 0 and 3, variances 2 and 8: 9 + (sqrt(2) - sqrt(8))^2 = 11.
  real = np.float32([[-1], [1]])
  fake = np.float32([[1], [5]])
  assert _fid(real, fake) == pytest.approx(11.0, rel=1e-14)


@pytest.mark.parametrize("d", [16, 256])
def test_steep_spectrum(d):
  """Covariances that commute: |sqrt(S1) - sqrt(S2)|^2, condition d^2."""
  basis = scipy.linalg.qr(_normal(0, d, d))[0]
  first = np.arange(1.0, d + 1) ** -2
  second = first * np.exp(0.3 * _normal(1, 1, d)[0])
  gaussians = [
    fid.Gaussian.from_covariance(np.zeros(d), (basis * s) @ basis.T)
    for s in (first, second)
  ]
  expected = np.sum((np.sqrt(first) - np.sqrt(second)) ** 2)
  assert fid.frechet_distance(*gaussians) == pytest.approx(expected, rel=1e-9)


def _exact_fid(real, fake):
  """FID of integer rows [N, 2] to 40 digits.

  With 2 columns tr (A B)^(1/2) = sqrt(tr A B + 2 sqrt(det A det B)).
  """
  statistics = []
  for rows in (real, fake):
    x = [[fractions.Fraction(int(v)) for v in row] for row in rows]
    m = [sum(column) / len(x) for column in zip(*x)]
    s = [
      [
        sum((r[i] - m[i]) * (r[j] - m[j]) for r in x) / (len(x) - 1)
        for j in (0, 1)
      ]
      for i in (0, 1)
    ]
    statistics.append((m, s))
  (m1, a), (m2, b) = statistics
  with decimal.localcontext() as context:
    context.prec = 60

    def number(fraction):
      return decimal.Decimal(fraction.numerator) / fraction.denominator

    det_a, det_b = (s[0][0] * s[1][1] - s[0][1] * s[1][0] for s in (a, b))
    trace = sum(a[i][j] * b[j][i] for i in (0, 1) for j in (0, 1))
    root = (number(trace) + 2 * number(det_a * det_b).sqrt()).sqrt()
    rest = sum((p - q) ** 2 for p, q in zip(m1, m2))
    rest += a[0][0] + a[1][1] + b[0][0] + b[1][1]
    return float(number(rest) - 2 * root)


@pytest.mark.parametrize("thinness", [1, 1000, 1000000])
def test_exact_arithmetic(thinness):
  """Thin, turned clouds of points; float32 holds these integers exactly."""
  rng = np.random.RandomState(0)
  real, fake = rng.randint(-9, 10, size=(2, 30, 2))
  real = real @ np.array([[thinness, thinness], [0, 1]])
  fake = fake @ np.array([[thinness, thinness - 1], [1, 0]]) + 3
  expected = _exact_fid(real, fake)
  found = _fid(real.astype(np.float32), fake.astype(np.float32))
  assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [5, 20, 21, 300])
def test_identical_sets_are_at_zero(n):
  x = _normal(0, n, 20).astype(np.float32)
  assert abs(_fid(x, x)) < 1e-12


@pytest.mark.parametrize("copies", [1, 20])
def test_few_different_rows_are_exact_however_often(copies):
  """Rank deficient with fewer and with more rows than columns.

  Roots of eigenvalues that are 0 but for rounding would add 1e-8 each.
  """
  real, fake = _normal(0, 10, 64), 1.5 * _normal(1, 12, 64)
  x, y = real - real.mean(0), fake - fake.mean(0)
  cross = np.linalg.svd(x @ y.T, compute_uv=False).sum()
  m, n = 10 * copies, 12 * copies
  expected = (
    np.sum((real.mean(0) - fake.mean(0)) ** 2)
    + copies * np.sum(x**2) / (m - 1)
    + copies * np.sum(y**2) / (n - 1)
    - 2.0 * copies * cross / np.sqrt((m - 1) * (n - 1))
  )
  found = _fid(np.tile(real, (copies, 1)), np.tile(fake, (copies, 1)))
  assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [3, 50])
def test_a_collapsed_generator(n):
  real, fake = _normal(0, 100, 4), np.ones([n, 4])
  expected = np.sum((real.mean(0) - 1.0) ** 2) + real.var(0, ddof=1).sum()
  assert _fid(real, fake) == pytest.approx(expected, rel=1e-12)


def test_dead_features_change_nothing():
  real, fake = _normal(0, 100, 4), 1.2 * _normal(1, 100, 4)
  dead = np.zeros([100, 3])
  padded = [np.concatenate([x, dead], axis=1) for x in (real, fake)]
  assert _fid(*padded) == pytest.approx(_fid(real, fake), rel=1e-12)


def test_worse_fakes_are_farther():
  real = _normal(0, 500, 8)
  scores = [_fid(real, _normal(1, 500, 8) + s) for s in (0.0, 0.2, 0.5, 1.0)]
  assert scores == sorted(scores)
  narrower = [_fid(real, _normal(1, 500, 8) * s) for s in (1.0, 0.7, 0.3)]
  assert narrower == sorted(narrower)


@pytest.mark.parametrize("batch", [1, 7, 64, 5000])
def test_batches_equal_all_at_once(batch):
  x = golden_sets.get("A64")
  moments = fid.Moments()
  for start in range(0, len(x), batch):
    moments.add(x[start : start + batch])
  found = moments.gaussian()
  x = x.astype(np.float64)
  np.testing.assert_allclose(found.mean, x.mean(0), rtol=1e-13)
  np.testing.assert_allclose(
    found.covariance, np.cov(x, rowvar=False), rtol=1e-10, atol=1e-15
  )


def test_a_buffer_may_be_reused():
  x = _normal(0, 20, 16)
  moments, buffer = fid.Moments(), np.empty([5, 16])
  for start in range(0, 20, 5):
    buffer[:] = x[start : start + 5]
    moments.add(buffer)
  np.testing.assert_allclose(moments.gaussian().mean, x.mean(0), atol=1e-14)


def test_few_rows_wait():
  """Memory does not grow with the rows."""
  moments = fid.Moments()
  for _ in range(100):
    moments.add(_normal(0, 10, 16))
    assert len(moments._waiting) == 2 * 16
  assert moments.count == 1000


def test_far_from_the_origin():
  """E[x x] - m m would lose 1e12 of the 1e16 that float64 holds."""
  real, fake = _normal(0, 100, 3), 2.0 * _normal(1, 100, 3)
  shifted = _fid(real + 2.0**20, fake + 2.0**20)
  assert shifted == pytest.approx(_fid(real, fake), rel=1e-7)


def test_float32_features_are_averaged_in_float64():
  """torch-fidelity's mean in float32 moves the FID of A64, B64 by 2e-7."""
  key = "fid/A64_B64/torch_fidelity"
  found = _fid(*golden_sets.pair("A64_B64"))
  assert abs(found / golden_sets.value(key) - 1.0) > 1e-7


def test_known_statistics_stand_for_a_set():
  real, fake = _normal(0, 100, 5), 1.1 * _normal(1, 100, 5)
  known = fid.Gaussian.from_covariance(real.mean(0), np.cov(real, rowvar=False))
  assert _fid(known, fake) == pytest.approx(_fid(real, fake), rel=1e-12)


def test_refusals():
  x = np.zeros([5, 3])
  with pytest.raises(ValueError, match="real_features has 1 rows"):
    _fid(x[:1], x)
  with pytest.raises(ValueError, match="Widths differ"):
    _fid(x, np.zeros([5, 4]))
  with pytest.raises(ValueError, match="fake_features has NaN"):
    _fid(x, np.full([5, 3], np.nan))
  with pytest.raises(ValueError, match="have 3 and 1 features"):
    _fid(x, fid.Gaussian(np.zeros(1), np.eye(1)))
  with pytest.raises(
    ValueError, match="of 4 numbers were added after rows of 3"
  ):
    fid.Moments().add(x).add(np.zeros([5, 4]))
  with pytest.raises(ValueError, match="there are 1"):
    fid.Moments().add(x[:1]).gaussian()
