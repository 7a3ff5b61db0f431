"""KID against recorded estimators and sums over all pairs."""

from compare_gan.metrics import kid
import numpy as np
import pytest

from tests.metrics import golden_sets

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_UNBIASED = golden_sets.keys("kid/.*/full_unbiased_f64", 7)
_BIASED = golden_sets.keys("kid/.*/full_biased_f64", 7)
_TORCH_FIDELITY = golden_sets.keys("kid/.*/torch_fidelity_.*", 6)
_CLEAN_FID = golden_sets.keys("kid/.*/clean_fid_.*", 6)
_BLOCKS = golden_sets.keys("kid/.*/(tfgan2|compare_gan)_block.*", 30)
KEYS = _UNBIASED + _BIASED + _TORCH_FIDELITY + _CLEAN_FID + _BLOCKS

# compare_gan takes the lengths of real blocks for those of fake ones.
_WRONG = [k for k in _BLOCKS if "compare_gan" in k and "unequalN" in k]
assert len(_WRONG) == 2


def _slow_if(slow, keys):
  return [
    pytest.param(key, marks=pytest.mark.slow) if slow(key) else key
    for key in keys
  ]


def _is_large(key):
  return "/A2048" in key


def _has_many_subsets(key):
  """All of them take seconds: one pair is enough for every day."""
  return "/A64_B64/" not in key


def _pair(key):
  return golden_sets.pair(key.split("/")[1])


def _normal(seed, n, d=4):
  return np.random.RandomState(seed).standard_normal((n, d))


@pytest.mark.parametrize("key", _slow_if(_is_large, _UNBIASED))
def test_recorded(key):
  found = kid.kid(*_pair(key))["kid"]
  np.testing.assert_allclose(found, golden_sets.value(key), 0, 1e-12)


@pytest.mark.parametrize("key", _slow_if(_is_large, _BIASED))
def test_recorded_biased(key):
  found = kid.squared_mmd(*_pair(key), biased=True)
  np.testing.assert_allclose(found, golden_sets.value(key), 0, 1e-12)


@pytest.mark.parametrize("key", _slow_if(_is_large, _BLOCKS))
def test_recorded_blocks(key):
  size = 500 if "block500" in key else 1024
  scores = kid.kid_blocks(*_pair(key), max_block_size=size)
  if key in _WRONG:
    key = "kid/A64_B64u_unequalN/tfgan2_block1024_float64"
  tolerance = 1e-12 if "float64" in key else 1e-6
  np.testing.assert_allclose(
    scores["kid_blocks"], golden_sets.value(key), 0, tolerance
  )
  if "tfgan2" in key:
    np.testing.assert_allclose(
      scores["kid_blocks_std_error"],
      golden_sets.VALUES[key]["std_err"],
      rtol=0,
      atol=tolerance,
    )


@pytest.mark.long
@pytest.mark.parametrize("key", _slow_if(_has_many_subsets, _TORCH_FIDELITY))
def test_recorded_subsets(key):
  """The same subsets; the reference adds in float32."""
  scores = kid.kid_subsets(*_pair(key))
  np.testing.assert_allclose(
    [scores["kid_subsets"], scores["kid_subsets_std_over_subsets"]],
    [golden_sets.value(key), golden_sets.VALUES[key]["std_over_subsets"]],
    rtol=0,
    atol=1e-6,
  )


@pytest.mark.long
@pytest.mark.parametrize("key", _slow_if(_has_many_subsets, _CLEAN_FID))
def test_recorded_subsets_of_clean_fid(key):
  """It draws the other set first, from another seed."""
  real, fake = _pair(key)
  found = kid.kid_subsets(fake, real, seed=0)["kid_subsets"]
  np.testing.assert_allclose(found, golden_sets.value(key), 0, 1e-6)


def _pairwise(x, y):
  """The unbiased estimate, pair by pair."""
  d = x.shape[1]

  def mean(a, b, skip):
    return np.mean(
      [
        (p @ q / d + 1.0) ** 3
        for i, p in enumerate(a)
        for j, q in enumerate(b)
        if not (skip and i == j)
      ]
    )

  return mean(x, x, True) + mean(y, y, True) - 2.0 * mean(x, y, False)


def test_by_hand():
  # k within: 1 and (1 + 1)^3 = 8; between: 1, 1, (0 + 1)^3.
  x = np.float32([[0], [5]])
  y = np.float32([[1], [1]])
  # k(0, 5) = 1, k(1, 1) = 8, k(0, 1) = 1 twice, k(5, 1) = 216 twice.
  assert kid.kid(x, y)["kid"] == 1.0 + 8.0 - 217.0
  assert _pairwise(x, y) == 1.0 + 8.0 - 217.0


def test_unequal_numbers():
  x, y = _normal(0, 13), _normal(1, 29) + 0.5
  assert kid.kid(x, y)["kid"] == pytest.approx(_pairwise(x, y), rel=1e-12)


def test_blocks_of_rows_do_not_change_the_sum():
  """More than two blocks of 1024 rows, against one product."""
  x, y = _normal(0, 2500), _normal(1, 1100) + 0.1
  kernel = (x @ x.T / 4 + 1.0) ** 3
  own = (kernel.sum() - np.trace(kernel)) / (2500 * 2499)
  kernel = (y @ y.T / 4 + 1.0) ** 3
  other = (kernel.sum() - np.trace(kernel)) / (1100 * 1099)
  cross = np.mean((x @ y.T / 4 + 1.0) ** 3)
  expected = own + other - 2.0 * cross
  assert kid.kid(x, y)["kid"] == pytest.approx(expected, abs=1e-12)


def test_unbiased_is_negative_as_often_as_positive():
  values = [
    kid.kid(_normal(2 * i, 20), _normal(2 * i + 1, 20))["kid"]
    for i in range(200)
  ]
  assert abs(np.mean(values)) < 4.0 * np.std(values) / np.sqrt(200)
  assert min(values) < 0


def test_worse_fakes_score_worse():
  real = _normal(0, 300)
  scores = [
    kid.kid(real, _normal(1, 300) + shift)["kid"] for shift in (0, 0.3, 0.6, 1)
  ]
  assert scores == sorted(scores)


def test_unequal_blocks():
  """11 rows in 3 blocks: the smaller first, as in TF-GAN."""
  x, y = _normal(0, 11), _normal(1, 7) + 0.2
  expected = [
    _pairwise(x[:3], y[:2]),
    _pairwise(x[3:7], y[2:4]),
    _pairwise(x[7:], y[4:]),
  ]
  scores = kid.kid_blocks(x, y, max_block_size=4)
  assert scores["kid_blocks"] == pytest.approx(np.mean(expected), rel=1e-12)
  error = np.std(expected, ddof=1) / np.sqrt(3)
  assert scores["kid_blocks_std_error"] == pytest.approx(error, rel=1e-12)


def test_subsets_are_at_most_the_smaller_set():
  x, y = _normal(0, 11), _normal(1, 30)
  scores = kid.kid_subsets(x, x[:7] + 1.0, subsets=3)
  assert scores["kid_subsets_std_over_subsets"] > 0
  # Subsets of everything are all the same.
  scores = kid.kid_subsets(x, y[:11], subsets=3)
  assert scores["kid_subsets"] == pytest.approx(_pairwise(x, y[:11]), rel=1e-12)
  assert scores["kid_subsets_std_over_subsets"] < 1e-12


def test_refusals():
  x = _normal(0, 10)
  with pytest.raises(ValueError, match="fake_features has 1 rows"):
    kid.kid(x, x[:1])
  with pytest.raises(ValueError, match="Widths differ"):
    kid.kid(x, _normal(0, 10, 5))
  with pytest.raises(ValueError, match="3 rows make 5 blocks"):
    kid.kid_blocks(x, x[:3], max_block_size=2)
