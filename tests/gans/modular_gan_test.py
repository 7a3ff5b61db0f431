"""One step of training: who moves when, and on what."""

import warnings

from compare_gan.context import scope
from compare_gan.gans import modular_gan
from compare_gan.gans import penalty_lib
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")


def _train(gan, steps=1):
  for _ in range(steps):
    scalars = gan.train_step(tiny.batches(gan.batches_per_step))
  return {name: float(value) for name, value in scalars.items()}


def _moved(gan, before):
  after = tiny.values(gan)
  return {n for n in after if not np.array_equal(after[n], before[n])}


def test_a_step_moves_every_weight_of_both_networks():
  gan = tiny.gan()
  before = tiny.values(gan)
  scalars = _train(gan)
  assert set(scalars) == {
    "loss/d_0",
    "loss/g",
    "loss/penalty",
    "grad_norm/d",
    "grad_norm/g",
    "learning_rate/d",
    "learning_rate/g",
  }
  moved = _moved(gan, before)
  for network in (gan.generator, gan.discriminator):
    for v in network.trainable_variables:
      assert scope.full_name(v) in moved


@pytest.mark.parametrize("disc_iters", [1, 2, 5])
def test_d_moves_disc_iters_times_for_one_g(disc_iters):
  gan = tiny.gan(disc_iters=disc_iters)
  scalars = _train(gan, steps=3)
  assert int(gan.global_step) == 3
  assert int(gan.global_step_disc) == 3 * disc_iters
  assert sum(name.startswith("loss/d_") for name in scalars) == disc_iters


def test_gradient_steps_reach_the_expected_loss():
  """With lr 0 the losses are those of the untrained networks."""
  gin.parse_config("ModularGAN.g_lr = 0.0\nloss.fn = @wasserstein")
  gan = tiny.gan()
  [batch] = tiny.batches(1)
  z = tf.ones([2, tiny.Z_DIM])
  scalars = gan.train_step([{**batch, "z": z}])
  fakes = gan.generator(z, None, is_training=True)
  real = gan.discriminator(batch["images"], None, True).logits
  fake = gan.discriminator(fakes, None, True).logits
  d_loss = float(tf.reduce_mean(fake) - tf.reduce_mean(real))
  np.testing.assert_allclose(scalars["loss/d_0"], d_loss, rtol=1e-5)
  g_loss = -float(tf.reduce_mean(fake))
  np.testing.assert_allclose(scalars["loss/g"], g_loss, rtol=1e-5)


def test_images_of_bytes_are_those_of_0_to_1():
  [batch] = tiny.batches(1)
  stored = tf.cast(tf.round(255.0 * batch["images"]), tf.uint8)
  after = []
  for images in (stored, tf.cast(stored, tf.float32) * (1.0 / 255.0)):
    gan = tiny.gan()
    gan.train_step([{**batch, "images": images}])
    after.append(tiny.values(gan))
  for name, value in after[0].items():
    np.testing.assert_array_equal(value, after[1][name], name)


def test_lamba_scales_the_penalty():
  gin.parse_config("penalty.fn = @l2_penalty\nModularGAN.g_lr = 0.0")
  losses = []
  for lamba in (0.0, 1.0, 2.0):
    losses.append(_train(tiny.gan(lamba=lamba))["loss/d_0"])
  first, second = np.diff(losses)
  assert first > 0
  np.testing.assert_allclose(first, second, rtol=1e-4)


@pytest.mark.parametrize(
  "loss",
  ["hinge", "least_squares", "minimax", "wasserstein", "relativistic_average"],
)
@pytest.mark.parametrize(
  "penalty",
  [
    "no_penalty",
    "wgangp_penalty",
    "dragan_penalty",
    "l2_penalty",
    "r1_penalty",
    "r2_penalty",
    "orthogonal_penalty",
    "lecam_penalty",
  ],
)
def test_losses_and_penalties_combine(loss, penalty):
  gin.parse_config([f"loss.fn = @{loss}", f"penalty.fn = @{penalty}"])
  scalars = _train(tiny.gan())
  assert all(np.isfinite(value) for value in scalars.values())


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize(
  "architecture,size",
  [
    ("dcgan", 16),
    ("infogan", 8),
    ("sndcgan", 8),
    ("resnet5", 8),
    ("resnet_cifar", 32),
    ("resnet_biggan", 32),
    ("resnet_biggan_deep", 32),
  ],
)
def test_architectures_train(architecture, size, conditional):
  if conditional and architecture == "infogan":
    return  # It takes no labels, see label_use_test.
  norm = "conditional_batch_norm" if conditional else "batch_norm"
  ch = 8 if architecture in ("resnet_cifar", "resnet_biggan") else 2
  gin.parse_config(
    f"""
    ModularGAN.conditional = {conditional}
    {architecture}.Generator.ch = {ch}
    {architecture}.Discriminator.ch = {ch}
    G.batch_norm_fn = @{norm}
    D.spectral_norm = True
    """
  )
  if "biggan" in architecture:
    gin.bind_parameter(f"{architecture}.Discriminator.project_y", conditional)
  dataset = DatasetShape((size, size, 3), 3)
  gan = tiny.gan(architecture=f"{architecture}_arch", dataset=dataset, z_dim=4)
  before = tiny.values(gan)
  gan.train_step(tiny.batches(1, dataset))
  moved = _moved(gan, before)
  for network in ("generator/", "discriminator/"):
    assert any(n.startswith(network) and "_opt" not in n for n in moved)
  assert all(np.isfinite(value).all() for value in tiny.values(gan).values())


# ---- How many updates on what -----------------------------------------------


def _spied(gan):
  """Returns the list of z that G gets, as long as the GAN trains eagerly."""
  seen = []
  generator = gan.generator

  class Spy:
    def __call__(self, z, y, is_training):
      seen.append(z.numpy())
      return generator(z, y, is_training)

    def __getattr__(self, name):
      return getattr(generator, name)

  gan.generator = Spy()
  return seen


def test_g_moves_gen_iters_times_with_one_z():
  """With gradient descent on what G makes of the same z each time."""
  gin.parse_config(
    """
    ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
    ModularGAN.g_lr = 0.5
    ModularGAN.d_lr = 0.0
    loss.fn = @wasserstein
    """
  )
  [batch] = tiny.batches(1)
  batch["z"] = tf.constant([[1.0, 2.0], [2.0, -1.0]])
  twice = tiny.gan(gen_iters=2)
  seen = _spied(twice)
  twice.train_step([batch])
  assert len(seen) == 2
  np.testing.assert_array_equal(seen[0], batch["z"])
  np.testing.assert_array_equal(seen[1], batch["z"])
  by_steps = tiny.gan()
  for _ in range(2):
    by_steps.train_step([batch])
  for name, value in tiny.values(by_steps.generator).items():
    np.testing.assert_allclose(
      tiny.values(twice.generator)[name], value, rtol=1e-5
    )
  assert int(twice.global_step) == 1 and int(by_steps.global_step) == 2


def test_average_moves_once_a_step_whatever_gen_iters():
  gin.parse_config(
    """
    ModularGAN.g_use_ema = True
    ModularGAN.ema_decay = 0.75
    ModularGAN.ema_start_step = 0
    """
  )
  gan = tiny.gan(gen_iters=2)
  name = "generator/out/kernel"
  before = tiny.values(gan)[name]
  _train(gan)
  after = tiny.values(gan)
  np.testing.assert_allclose(
    after[f"{name}/ExponentialMovingAverage"],
    0.75 * before + 0.25 * after[name],
    rtol=1e-5,
  )


@pytest.mark.parametrize("unrolled", [False, True])
def test_d_updates_can_share_their_images_with_new_z_each(unrolled):
  gin.bind_parameter("ModularGAN.experimental_force_graph_unroll", unrolled)
  gan = tiny.gan(disc_iters=3, d_batches="same")
  assert gan.batches_per_step == 1 + unrolled
  dicts = tiny.batches(gan.batches_per_step)
  d_batches, g_batch = gan.sample_all(dicts)
  for batch in d_batches:
    np.testing.assert_array_equal(batch.images, dicts[0]["images"])
  all_z = [batch.z.numpy() for batch in d_batches]
  assert len({z.tobytes() for z in all_z}) == 3
  if unrolled:
    np.testing.assert_array_equal(g_batch.images, dicts[1]["images"])
  else:
    assert g_batch is d_batches[-1]
  assert {"loss/d_0", "loss/d_1", "loss/d_2"} < set(_train(gan))


# ---- Scalars -----------------------------------------------------------------


def test_gradient_norms_are_those_of_the_last_step_down():
  """With gradient descent at rate 1 the weights move by the gradient."""
  gin.parse_config(
    """
    ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
    ModularGAN.g_lr = 1.0
    ModularGAN.d_lr = 0.5
    """
  )
  gan = tiny.gan()
  before = tiny.values(gan)
  scalars = _train(gan)
  after = tiny.values(gan)
  for side, rate in (("discriminator", 0.5), ("generator", 1.0)):
    moved = [
      np.sum((after[n] - before[n]).astype(np.float64) ** 2)
      for n in before
      if n.startswith(side)
    ]
    np.testing.assert_allclose(
      scalars[f"grad_norm/{side[0]}"], np.sqrt(sum(moved)) / rate, rtol=1e-4
    )
  assert scalars["learning_rate/d"] == 0.5
  assert scalars["learning_rate/g"] == 1.0


def test_gradient_norms_can_be_left_out():
  scalars = _train(tiny.gan(log_gradient_norms=False))
  assert not [name for name in scalars if name.startswith("grad_norm")]


# ---- State -------------------------------------------------------------------


def test_penalty_and_scores_share_one_power_iteration():
  """One iteration for the D update, one for the G update; lr 0 keeps W."""
  gin.parse_config(
    """
    D.spectral_norm = True
    ModularGAN.g_lr = 0.0
    """
  )
  for penalty in ("no_penalty", "wgangp_penalty"):
    gin.bind_parameter("penalty.fn", gin.get_configurable(penalty))
    gan = tiny.gan()
    kernel = gan.discriminator.hidden.kernel
    u, w = kernel.u_var.numpy(), kernel.kernel.numpy()
    gan.train_step(tiny.batches(1))
    for _ in range(2):
      u = w @ (w.T @ u)
      u /= np.linalg.norm(u)
    np.testing.assert_allclose(kernel.u_var, u, atol=1e-5)


def test_moments_of_g_move_once_a_batch():
  gin.parse_config(
    """
    G.batch_norm_fn = @batch_norm
    standardize_batch.decay = 0.5
    ModularGAN.g_lr = 0.0
    """
  )
  gan = tiny.gan()
  mean = gan.generator.norm.standardize.moving_mean
  [batch] = tiny.batches(1)
  z = tf.constant([[1.0, 0.0], [0.0, 1.0]])
  batch_mean = tf.reduce_mean(gan.generator.hidden(z, True), 0).numpy()
  gan.train_step([{**batch, "z": z}])
  np.testing.assert_allclose(mean, 0.5 * batch_mean, rtol=1e-5)


def test_unrolled_step_gives_g_a_batch_of_its_own():
  gin.bind_parameter("ModularGAN.experimental_force_graph_unroll", True)
  gan = tiny.gan(disc_iters=2)
  assert gan.batches_per_step == 3
  assert {"loss/d_0", "loss/d_1", "loss/g"} < set(_train(gan))
  assert int(gan.global_step_disc) == 2


@pytest.mark.long
def test_graph_trains_as_eager():
  eager, graph = tiny.gan(), tiny.gan()
  _train(eager, steps=2)
  step = tf.function(graph.train_step)  # A loop of one's own may convert it.
  for _ in range(2):
    step(tiny.batches(1))
  for name, value in tiny.values(eager).items():
    np.testing.assert_allclose(
      tiny.values(graph)[name], value, rtol=1e-4, atol=1e-6, err_msg=name
    )


# ---- Averages ----------------------------------------------------------------


def test_average_copies_until_its_start_and_moves_after():
  gin.parse_config(
    """
    ModularGAN.g_use_ema = True
    ModularGAN.ema_decay = 0.75
    ModularGAN.ema_start_step = 1
    """
  )
  gan = tiny.gan()
  name = "generator/out/kernel"
  shadow = f"{name}/ExponentialMovingAverage"
  first = tiny.values(gan)
  np.testing.assert_array_equal(first[shadow], first[name])
  _train(gan)
  copied = tiny.values(gan)
  np.testing.assert_array_equal(copied[shadow], copied[name])
  _train(gan)
  moved = tiny.values(gan)
  expected = 0.75 * copied[name] + 0.25 * moved[name]
  np.testing.assert_allclose(moved[shadow], expected, rtol=1e-5)


def test_average_warms_up():
  """min(decay, (1 + t) / (10 + t)) at t = 0, 1, then 0.2."""
  gin.parse_config(
    """
    ModularGAN.g_use_ema = True
    ModularGAN.ema_decay = 0.15
    ModularGAN.ema_start_step = 0
    ModularGAN.ema_warmup = True
    """
  )
  gan = tiny.gan()
  name = "generator/out/kernel"
  shadow = f"{name}/ExponentialMovingAverage"
  for decay in (0.1, 0.15):  # 1 / 10; 2 / 11 is above ema_decay.
    before = tiny.values(gan)[shadow]
    _train(gan)
    after = tiny.values(gan)
    expected = decay * before + (1.0 - decay) * after[name]
    np.testing.assert_allclose(after[shadow], expected, rtol=1e-5)


def test_average_that_never_acts_is_warned_of():
  gin.parse_config("ModularGAN.g_use_ema = True\nModularGAN.ema_start_step = 5")
  with pytest.warns(UserWarning, match="ema_start_step = 5, but .*ends at .*5"):
    tiny.gan(training_steps=5)
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    tiny.gan(training_steps=6)


# ---- Labels and latents ------------------------------------------------------


def test_kernel_penalty_without_free_kernels_is_refused_when_built():
  gin.parse_config("D.weight_norm = True\npenalty.fn = @l2_penalty")
  with pytest.raises(ValueError, match="@l2_penalty needs kernels"):
    tiny.gan(architecture="dcgan_arch")


def test_joint_fakes_without_unrolling_are_refused():
  gin.bind_parameter("ModularGAN.experimental_joint_gen_for_disc", True)
  with pytest.raises(
    ValueError, match="experimental_force_graph_unroll = True"
  ):
    tiny.gan()


def _with_g_penalty(weight):
  gin.parse_config(
    [
      "g_penalty.fn = @orthogonal_penalty",
      f"g_penalty.weight = {weight}",
      "ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer",
      "ModularGAN.g_lr = 1.0",
    ]
  )


@pytest.mark.parametrize("parts", [1, 2])
def test_a_penalty_on_g_counts_once(parts):
  """Its gradient is what it adds to the step, of a plain descent of rate 1."""
  after, scalars = [], []
  for weight in (0.0, 0.5):
    gin.clear_config()
    _with_g_penalty(weight)
    gan = tiny.gan(micro_batches=parts)
    start = tiny.values(gan.generator)
    scalars.append(_train(gan))
    after.append(tiny.values(gan.generator))
  with tf.GradientTape() as tape:
    weights = [tf.Variable(w) for n, w in start.items() if "/kernel" in n]
    penalty = penalty_lib.orthogonal_penalty(weights)
  expected = tape.gradient(penalty, weights)
  names = [name for name in start if "/kernel" in name]
  for name, gradient in zip(names, expected):
    np.testing.assert_allclose(
      after[0][name] - after[1][name], 0.5 * gradient, atol=1e-6
    )
  off, on = scalars
  np.testing.assert_allclose(on["loss/g_penalty"], penalty, rtol=1e-5)
  np.testing.assert_allclose(
    on["loss/g"] - off["loss/g"], 0.5 * penalty, atol=1e-6
  )


# ---- Weights without a gradient ----------------------------------------------


def _idle_head(parts=1):
  """A rotation head that no loss asks."""
  gin.bind_parameter("SSGAN.rotated_batch_size", 8)
  gin.bind_parameter("SSGAN.self_supervision", "none")
  return tiny.gan("SSGAN", batch_size=4, micro_batches=parts)


@pytest.mark.parametrize("parts,graph", [(1, False), (2, True)])
def test_weights_without_a_gradient_are_named_once(parts, graph):
  gan = _idle_head(parts)
  step = gan.train_step
  if graph:
    step = tf.function(step, autograph=False)
  with pytest.warns(UserWarning, match="get no gradient") as warned:
    for _ in range(2):
      step(tiny.batches(1, size=4))
  messages = [str(w.message) for w in warned]
  [message] = [m for m in messages if "get no gradient" in m]
  assert message.startswith("2 of the 6 weights that d_opt is to train")
  assert "discriminator_rotation/score_classify/kernel" in message
  assert "discriminator_rotation/score_classify/bias" in message


def test_a_gan_that_trains_all_its_weights_says_nothing():
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    tiny.gan().train_step(tiny.batches(1))


# ---- A GAN of one's own ------------------------------------------------------


@gin.configurable(module="tests.gans.modular_gan_test")
class DarkGAN(modular_gan.ModularGAN):
  """Overrides hooks alone: real images are dark, bright fakes cost G."""

  def sample(self, batch, i):
    sampled = super().sample(batch, i)
    return sampled._replace(images=0.5 * sampled.images)

  def losses(self, batch, made):
    scored = super().losses(batch, made)
    light = tf.reduce_mean(made.images)
    return scored._replace(
      g_loss=scored.g_loss + light, scalars={"loss/light": light}
    )

  def offers(self):
    return {
      **super().offers(),
      "light": lambda seen: tf.reduce_mean(seen.batch.images),
    }


@gin.configurable(module="tests.gans.modular_gan_test")
def own_light_penalty(light):
  return light


def test_a_subclass_overrides_hooks_alone():
  gin.bind_parameter("ModularGAN.g_lr", 0.0)
  gin.parse_config("penalty.fn = @own_light_penalty")
  [batch] = tiny.batches(1)
  plain = tiny.gan("DarkGAN", lamba=0)
  scalars = _train(plain)
  np.testing.assert_allclose(
    scalars["loss/penalty"], 0.5 * np.mean(batch["images"]), rtol=1e-6
  )
  gin.bind_parameter("penalty.fn", penalty_lib.no_penalty)
  [dark] = [{**batch, "images": 0.5 * batch["images"]}]
  expected = tiny.gan().train_step([dark])
  np.testing.assert_allclose(
    scalars["loss/d_0"], expected["loss/d_0"], rtol=1e-6
  )
  np.testing.assert_allclose(
    scalars["loss/g"] - scalars["loss/light"], expected["loss/g"], rtol=1e-5
  )


def test_other_options_hold_for_the_while():
  gan = tiny.gan(batch_size=2)
  with pytest.raises(RuntimeError), gan.with_options(micro_batches=2):
    assert gan.options.micro_batches == 2 and gan.options.batch_size == 2
    raise RuntimeError
  assert gan.options.micro_batches == 1


def test_without_its_penalty_d_descends_its_loss_alone():
  gin.bind_parameter("ModularGAN.g_lr", 0.0)
  plain = _train(tiny.gan())
  gin.parse_config("penalty.fn = @l2_penalty")
  gan = tiny.gan()
  with gan.without_penalty():
    off = _train(gan)
  on = _train(gan)
  assert off["loss/penalty"] == 0.0 and off["loss/d_0"] == plain["loss/d_0"]
  assert on["loss/penalty"] > 0.0
