"""Slopes, singular values and shares against what is known of a linear D."""

import json

from compare_gan.evaluation import microscope
from compare_gan.gans import penalty_lib
import gin
import numpy as np
import pytest

from tests.gans import tiny
from tests.noise_dataset import NoiseDataset

pytestmark = pytest.mark.versions("tf.GradientTape measures slopes")


@pytest.fixture(autouse=True)
def clear():
  gin.clear_config()
  yield
  gin.clear_config()


def _look(**chosen):
  gan = tiny.gan(**chosen)
  return gan, microscope.look(gan, NoiseDataset(), timed_steps=1)


def _weights(gan):
  """Returns the kernels of D: logits = x hidden final + constants."""
  found = tiny.values(gan.discriminator)
  [hidden] = [v for k, v in found.items() if k.endswith("hidden/kernel")]
  [final] = [
    v for k, v in found.items() if k.endswith("kernel") and v.shape[-1] == 1
  ]
  return hidden, final


def test_a_linear_discriminator_has_one_slope():
  gan, found = _look()
  hidden, final = _weights(gan)
  slope = np.linalg.norm(hidden @ final)
  assert not found["errors"]
  for norms in found["gradient_norms"].values():
    np.testing.assert_allclose(norms, slope, rtol=1e-5)
  assert len(found["gradient_norms"]["fake"]) == 60  # all training images
  lipschitz = found["lipschitz"]
  assert lipschitz["largest_gradient"] == pytest.approx(slope, rel=1e-5)
  assert lipschitz["by_ascent"] == pytest.approx(slope, rel=1e-5)
  assert 0 < lipschitz["of_pairs"] <= slope * (1 + 1e-5)


def test_singular_values_are_those_of_the_weights():
  gan, found = _look()
  hidden, final = _weights(gan)
  values = found["singular_values"]
  np.testing.assert_allclose(
    values["discriminator/hidden"],
    np.linalg.svd(hidden, compute_uv=False),
    rtol=1e-5,
  )
  [name] = [n for n, v in values.items() if len(v) == 1]
  assert values[name] == pytest.approx([np.linalg.norm(final)], rel=1e-5)


def test_singular_values_are_those_after_spectral_normalisation():
  gin.bind_parameter("D.spectral_norm", True)
  _, found = _look()
  # One power iteration finds nearly all of the largest one of two.
  assert 1.0 <= found["singular_values"]["discriminator/hidden"][0] < 1.5


def test_r1_is_half_the_squared_slope():
  gin.bind_parameter("penalty.fn", penalty_lib.r1_penalty)
  gan, found = _look(lamba=3)
  hidden, final = _weights(gan)
  weighted = 3 * 0.5 * np.linalg.norm(hidden @ final) ** 2
  penalty = found["penalty"]
  assert penalty["name"] == "r1_penalty"
  assert penalty["weighted"] == pytest.approx(weighted, rel=1e-4)
  rest = penalty["d_loss"] - weighted
  assert penalty["share_of_loss"] == pytest.approx(
    weighted / (weighted + abs(rest)), rel=1e-4
  )
  assert penalty["seconds_with"] > 0 and penalty["seconds_without"] > 0
  assert 0.0 <= penalty["share_of_time"] < 1.0
  assert gan.penalty.fn is penalty_lib.r1_penalty


def test_without_a_penalty_nothing_is_timed():
  _, found = _look()
  assert found["penalty"] == {
    "name": "no_penalty",
    "weighted": 0.0,
    "share_of_loss": 0.0,
    "share_of_time": 0.0,
  }


@pytest.mark.long
def test_nothing_moves():
  gin.bind_parameter("penalty.fn", penalty_lib.r1_penalty)
  gin.bind_parameter("D.spectral_norm", True)
  gin.bind_parameter("spectral_norm.update_in_eval", True)
  gan = tiny.gan()
  before = {v.name: v.numpy() for v in gan.variables}
  microscope.look(gan, NoiseDataset(), timed_steps=1)
  for variable in gan.variables:
    np.testing.assert_array_equal(variable.numpy(), before[variable.name])


def test_what_cannot_be_seen_is_told_and_hides_nothing_else(monkeypatch):
  monkeypatch.setattr(
    tiny.gan().__class__,
    "discriminate",
    lambda *args: (_ for _ in ()).throw(NotImplementedError("no scores")),
  )
  _, found = _look()
  assert found["errors"] == {"slopes": "no scores"}
  assert found["singular_values"] and "gradient_norms" not in found


def test_accumulated_moments_are_filled_for_the_while():
  gin.parse_config(
    """
    standardize_batch.use_moving_averages = False
    standardize_batch.epsilon = 1e-8
    G.batch_norm_fn = @batch_norm
    D.batch_norm_fn = @batch_norm
    """
  )
  gan, found = _look(architecture="tests.architectures.normed_architecture")
  assert not found["errors"]
  # Unfilled, D would divide by the root of epsilon: 1000 times these slopes.
  values = tiny.values(gan.discriminator)
  images, _ = NoiseDataset().load("train")
  kernel = values["discriminator/hidden/kernel"]
  deviation = (images.reshape(60, -1) @ kernel).std(0)
  [final] = [
    v for k, v in values.items() if k.endswith("kernel") and v.shape[-1] == 1
  ]
  slope = np.linalg.norm((kernel / deviation) @ final)
  np.testing.assert_allclose(found["gradient_norms"]["real"], slope, rtol=0.5)
  counters = [v for k, v in tiny.values(gan).items() if "accu_counter" in k]
  assert len(counters) == 2 and max(counters) < 0.5


def test_it_is_json():
  _, found = _look()
  assert json.loads(json.dumps(found)) == found


def test_the_way_up_is_traced_once_for_all_images(monkeypatch):
  traced = []
  ascent = microscope._ascent

  def counted(gan, x, y):
    traced.append(x.shape)
    return ascent(gan, x, y)

  monkeypatch.setattr(microscope, "_ascent", counted)
  _look()
  assert len(traced) == 1
