"""What Q says of the codes of fakes, and who learns from it."""

from compare_gan.gans import optimizers
from compare_gan.gans.fakes import Made
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny
from tests.gans import two_replicas

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_CODES = """
z.distribution_fn = @latent_codes
latent_codes.categorical = [3]
latent_codes.continuous = 2
InfoGAN.hidden = 4
"""
_Z_DIM = 7


def _gan(bindings="", **chosen):
  gin.parse_config(_CODES + bindings)
  return tiny.gan("InfoGAN", **{"z_dim": _Z_DIM, "batch_size": 4, **chosen})


def _train(gan, steps=1):
  """Returns the scalars of each step."""
  batches = tiny.batches(gan.batches_per_step, size=4)
  return [
    {name: float(value) for name, value in gan.train_step(batches).items()}
    for _ in range(steps)
  ]


def _scored(gan):
  """Returns the Scored of a batch, and its z."""
  [images] = tiny.batches(1, size=4)
  batch = gan.sample(images, 0)
  made = Made(gan.generator(batch.z, None, is_training=True))
  return gan.losses(batch, made), batch.z.numpy()


def _silent(gan):
  """Makes Q say the same of every image: all outputs are 0."""
  for v in gan.q.trainable_variables:
    v.assign(tf.zeros_like(v))
  return gan


def test_a_blind_q_knows_nothing():
  """0 of a category; of numbers a standard normal's log p, and ln 2 each."""
  gan = _silent(_gan("InfoGAN.continuous_weight = 0.5"))
  scored, z = _scored(gan)
  plain = gan.gan_losses(scored.real, scored.fake)
  numbers = np.mean(np.sum(z[:, 3:5] ** 2 + np.log(2 * np.pi), axis=1)) / 2
  expected = 0.5 * (numbers - 2 * np.log(2))
  for mine, its in (
    (scored.d_loss, plain.d_loss),
    (scored.g_loss, plain.g_loss),
  ):
    np.testing.assert_allclose(mine - its, expected, rtol=1e-5)
  bound = scored.scalars
  np.testing.assert_allclose(
    bound["mutual_information/categorical"], 0.0, atol=1e-6
  )
  np.testing.assert_allclose(
    bound["mutual_information/continuous"], 2 * np.log(2) - numbers, rtol=1e-5
  )


def test_a_sure_and_right_q_knows_the_entropy_of_the_category():
  gan = _silent(_gan())
  scored, z = _scored(gan)

  def knows(features, is_training):
    del features, is_training
    return 50.0 * tf.concat([z[:, :3], tf.zeros([4, 4])], axis=1)

  gan.q.output = knows
  scored, _ = _scored(gan)
  np.testing.assert_allclose(
    scored.scalars["mutual_information/categorical"], np.log(3), rtol=1e-5
  )


def test_a_learned_deviation_counts():
  """Outputs of 0 and a logarithm of 1: - log p = 1 + log(2 pi) / 2 + ..."""
  gan = _silent(_gan("InfoGAN.categorical_weight = 0.0"))
  gan.q.output.bias.assign([0.0] * 5 + [1.0] * 2)
  scored, z = _scored(gan)
  cost = 1.0 + 0.5 * np.log(2 * np.pi) + 0.5 * z[:, 3:5] ** 2 / np.e**2
  np.testing.assert_allclose(
    scored.scalars["mutual_information/continuous"],
    2 * np.log(2) - np.mean(np.sum(cost, axis=1)),
    rtol=1e-5,
  )


def test_without_deviations_q_has_a_mean_for_each_number():
  assert _gan().q.output.bias.shape == [3 + 2 * 2]
  assert _gan("InfoGAN.learned_deviation = False").q.output.bias.shape == [5]


def test_without_hidden_layer_q_is_linear():
  gan = _gan("InfoGAN.hidden = 0")
  assert len(gan.q.trainable_variables) == 2
  _train(gan)


def test_q_learns_with_d_and_teaches_g():
  """A step moves Q; G moves otherwise than without the terms of Q."""
  with_q, without = (
    _gan(),
    _gan("InfoGAN.categorical_weight = 0.0\nInfoGAN.continuous_weight = 0.0"),
  )
  before = tiny.values(with_q.q)
  [scalars] = _train(with_q)
  _train(without)
  after, other = tiny.values(with_q), tiny.values(without)
  assert {
    "mutual_information/categorical",
    "mutual_information/continuous",
  } <= set(scalars)
  assert len(before) == 4
  assert not any(np.array_equal(after[n], before[n]) for n in before)
  of_g = [name for name in after if name.startswith("generator/")]
  assert any(not np.array_equal(after[n], other[n]) for n in of_g)


@pytest.mark.parametrize(
  "without,kind",
  [("categorical = []", "continuous"), ("continuous = 0", "categorical")],
)
def test_codes_may_be_of_one_kind(without, kind):
  [scalars] = _train(_gan(f"latent_codes.{without}"))
  assert [n for n in scalars if n.startswith("mutual")] == [
    f"mutual_information/{kind}"
  ]
  assert np.isfinite(scalars["loss/g"])


def test_labels_and_a_class_head_go_with_codes():
  gan = _gan(
    "ModularGAN.conditional = True\nModularGAN.class_head = @ac_head\n"
    "G.batch_norm_fn = @conditional_batch_norm"
  )
  [scalars] = _train(gan)
  assert {"loss/class_g", "mutual_information/categorical"} <= set(scalars)


@pytest.mark.parametrize(
  "bindings,message",
  [
    (
      "z.distribution_fn = @tf.random.normal",
      "z draws normal.*z.distribution_fn = @latent_codes",
    ),
    (
      "eval_z.distribution_fn = @tf.random.normal",
      "eval_z draws normal.*eval_z.distribution_fn",
    ),
    ("InfoGAN.continuous_weight = -1.0", "continuous_weight = -1.0"),
    ("InfoGAN.hidden = -1", "hidden = -1"),
  ],
)
def test_what_makes_no_sense_is_refused(bindings, message):
  with pytest.raises(ValueError, match=message):
    _gan(bindings)


def test_codes_without_room_for_noise_are_refused():
  with pytest.raises(ValueError, match="options.z_dim = 5"):
    _gan(z_dim=5)


_PLAIN = """
ModularGAN.g_lr = 0.1
ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
G.batch_norm_fn = None
"""


def test_micro_batches_change_nothing():
  one, two = _gan(_PLAIN), _gan(_PLAIN, micro_batches=2)
  of_one, of_two = _train(one, 2)[-1], _train(two, 2)[-1]
  for name, value in of_one.items():
    assert of_two[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name
  values = tiny.values(two)
  for name, value in tiny.values(one).items():
    np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-5)


def test_a_run_goes_on_exactly():
  through = _gan()
  last = _train(through, 2)[-1]
  first, second = _gan(), _gan()
  _train(first)
  for variable, value in zip(second.variables, first.variables):
    variable.assign(value)
  assert _train(second)[-1] == last


def make_gan_for_replicas():
  """Returns the GAN that one and two replicas train."""
  return _gan(_PLAIN)


@pytest.mark.long
def test_two_replicas_act_as_one():
  one, two = two_replicas.rows(f"{__name__}:make_gan_for_replicas", size=4)
  for name, value in one.items():
    assert two[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_the_optimiser_of_d_moves_q():
  gan = _gan()
  names = {id(v) for v in gan.weights_of("d")}
  assert all(id(v) in names for v in gan.q.trainable_variables)
  assert isinstance(gan.d_optimizer, optimizers.AdamOptimizer)
