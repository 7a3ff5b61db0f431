"""GILBO: how much of z can be read off an image."""

from compare_gan.metrics import gilbo
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_SIDE = 4


def _generator(shown, noise=0.05):
  """Shows the first latents as grey values, on noise of its own."""
  rng = np.random.RandomState(1)

  def generate(z, labels):
    del labels
    images = 0.5 + noise * rng.standard_normal([len(z), _SIDE, _SIDE, 1])
    images[:, 0, :shown, 0] += z[:, :shown] / 10
    return np.clip(images, 0, 1)

  return generate


def _latents(distribution="uniform", num_classes=0):
  def latents(n, seed):
    rng = np.random.RandomState(seed)
    labels = rng.randint(0, num_classes, n) if num_classes else None
    if distribution == "uniform":
      return (
        rng.uniform(-1.0, 1.0, [n, 4]),
        np.full([n, 4], np.log(0.5)),
        labels,
      )
    z = rng.standard_normal([n, 4])
    return z, -0.5 * (z**2 + np.log(2.0 * np.pi)), labels

  return latents


def _gilbo(generate, z_distribution="uniform", num_classes=0, **settings):
  settings = {"samples": 1024, "features": 8, **settings}
  return gilbo.gilbo(
    generate, _latents(z_distribution, num_classes), **settings
  )


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_a_generator_that_shows_less_scores_worse(distribution):
  scores = [
    _gilbo(_generator(shown), z_distribution=distribution)["gilbo"]
    for shown in (0, 1, 3)
  ]
  assert abs(scores[0]) < 0.05 < scores[1] < scores[2]


def test_a_gaussian_channel_has_its_known_capacity():
  # x = z / 10 + 0.05 n: I(x; z) = log(1 + (0.1 / 0.05)^2) / 2 a latent.
  found = _gilbo(
    _generator(4), z_distribution="normal", samples=8192, features=0
  )
  expected = 4 * 0.5 * np.log(5.0)
  assert found["gilbo"] < expected + 3 * found["gilbo_std_error"]
  assert found["gilbo"] == pytest.approx(expected, rel=0.03)


def test_what_is_learnt_by_heart_gives_no_credit():
  # Were the bound measured on the z of the fit, 500 features of 512 images
  # would explain them all.
  found = _gilbo(_generator(0), features=500, z_distribution="normal")
  assert abs(found["gilbo"]) < 0.1


def test_labels_are_drawn_for_conditional_generators():
  seen = []

  def generate(z, labels):
    seen.append(labels)
    return np.zeros([len(z), 2, 2, 1])

  _gilbo(generate, num_classes=3, samples=128)
  assert set(np.concatenate(seen)) == {0, 1, 2}


def test_it_repeats_itself():
  assert _gilbo(_generator(2)) == _gilbo(_generator(2))


def test_gin_turns_the_knobs():
  gin.parse_config("gilbo.samples = 4")
  with pytest.raises(ValueError, match="At least 8"):
    gilbo.gilbo(_generator(1), _latents())


def test_nan_is_refused():
  with pytest.raises(ValueError, match="NaN"):
    _gilbo(lambda z, y: np.full([len(z), 2, 2, 1], np.nan))


def test_few_samples_do_not_exceed_the_capacity():
  found = [
    _gilbo(
      _generator(4), z_distribution="normal", samples=128, features=0, seed=s
    )["gilbo"]
    for s in range(8)
  ]
  assert np.mean(found) < 4 * 0.5 * np.log(5.0) - 0.1
