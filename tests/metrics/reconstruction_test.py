"""Errors of G(E(x)), and of what was made of another image."""

from compare_gan.architectures.abstract_arch import EncoderOutput
from compare_gan.metrics import reconstruction as reconstruction_lib
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

_LABELS = np.arange(40) % 4


def _images(dtype=np.uint8):
  rng = np.random.RandomState(0)
  images = rng.randint(0, 256, [40, 2, 2, 1]).astype(np.uint8)
  return images if dtype == np.uint8 else images.astype(np.float32) / 255.0


def _encoder(noise=0.0):
  """The code is the image, more or less."""
  rng = np.random.RandomState(1)

  def encode(images):
    assert images.dtype == np.float32 and images.max() <= 1.0
    z = images.reshape(len(images), -1)
    z = z + noise * rng.randn(*z.shape)
    return EncoderOutput(z + 7.0, z.astype(np.float32), None)

  return encode


def _generate(z, y=None):
  return np.clip(z, 0.0, 1.0).reshape(-1, 2, 2, 1)


def _scores(images=None, noise=0.0, generate=_generate, labels=_LABELS):
  images = _images() if images is None else images
  return reconstruction_lib.reconstruction(
    images, labels, _encoder(noise), generate
  )


def test_by_hand():
  images = np.float32([0.0, 1.0]).reshape(2, 1, 1, 1)

  def encode(images):
    return EncoderOutput(None, images.reshape(-1, 1), None)

  found = reconstruction_lib.reconstruction(
    images, np.zeros(2), encode, lambda z, y: 0.5 * z.reshape(-1, 1, 1, 1)
  )
  # 0 and 1 come back as 0 and 0.5; exchanged they are off by 0.5 and 1.
  assert found == {
    "reconstruction_mae": 0.25,
    "reconstruction_mse": 0.125,
    "reconstruction_mae_permuted": 0.75,
    "reconstruction_mse_permuted": 0.625,
  }


def test_perfect_models_have_no_error_but_for_the_wrong_image():
  found = _scores()
  assert found["reconstruction_mae"] == pytest.approx(0.0, abs=1e-7)
  assert found["reconstruction_mae_permuted"] > 0.25


def test_worse_encoders_score_worse():
  scores = [_scores(noise=noise) for noise in (0.0, 0.1, 0.3, 10.0)]
  for name in ("reconstruction_mae", "reconstruction_mse"):
    errors = [found[name] for found in scores]
    assert errors == sorted(errors) and errors[0] < errors[1] < errors[2]


def test_encoder_that_tells_nothing_has_the_error_of_a_wrong_pairing():
  found = _scores(generate=lambda z, y: np.full([len(z), 2, 2, 1], 0.5))
  for name in ("reconstruction_mae", "reconstruction_mse"):
    assert found[name] == pytest.approx(found[f"{name}_permuted"])


def test_generator_gets_the_own_labels():
  def generate(z, y):
    return np.broadcast_to(y.reshape(-1, 1, 1, 1) / 4.0, [len(z), 2, 2, 1])

  images = np.float32(_LABELS / 4.0)[:, None, None, None] * np.ones([2, 2, 1])
  found = _scores(images=images.astype(np.float32), generate=generate)
  assert found["reconstruction_mae"] == 0.0
  assert found["reconstruction_mae_permuted"] == 0.0  # The class is the same.


def test_bytes_and_floats_score_the_same():
  a, b = _scores(noise=0.1), _scores(images=_images(np.float32), noise=0.1)
  assert a == pytest.approx(b, rel=1e-5)


@pytest.mark.parametrize(
  "labels", [[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 2, 3], [3, 0, 3, 3]]
)
def test_another_is_never_the_image_itself(labels):
  labels = np.array(labels)
  for seed in range(5):
    other = reconstruction_lib._indices_of_others(labels, seed)
    assert (other != np.arange(4)).all()
    for i, j in enumerate(other):
      if np.sum(labels == labels[i]) > 1:
        assert labels[i] == labels[j]


def test_nan_is_refused():
  with pytest.raises(ValueError, match="generator makes NaN"):
    _scores(generate=lambda z, y: np.full([len(z), 2, 2, 1], np.nan))
  with pytest.raises(ValueError, match="encoder makes NaN"):
    _scores(noise=np.nan)


def test_every_image_needs_a_label():
  with pytest.raises(ValueError, match="one label each"):
    _scores(labels=_LABELS[:3])
