"""The heads of S3GAN, and what becomes of labels that are missing."""

from compare_gan.context import scope
from compare_gan.gans.fakes import Made
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_ALL = """
ModularGAN.conditional = True
S3GAN.project_y = True
S3GAN.use_predictor = True
"""


def _s3gan(bindings=_ALL, fraction=1, **chosen):
  gin.parse_config(bindings)
  gin.bind_parameter("S3GAN.rotated_batch_fraction", fraction)
  return tiny.gan("S3GAN", **{"batch_size": 4, **chosen})


def _batches(labels=(0, 1, 0, 1)):
  [batch] = tiny.batches(1, size=len(labels))
  return [{**batch, "labels": tf.constant(labels)}]


def _names(gan):
  heads = [v for head in gan.heads for v in head.trainable_variables]
  return [scope.full_name(v) for v in heads]


def test_heads_in_the_order_of_the_original():
  assert _names(_s3gan()) == [
    "discriminator_rotation/score_classify/kernel",
    "discriminator_rotation/score_classify/bias",
    "discriminator_predictor/predictor_linear/kernel",
    "discriminator_predictor/predictor_linear/bias",
    "discriminator_projection/kernel",
  ]


def test_a_step_trains_all_heads_and_logs_their_losses():
  gan = _s3gan()
  before = [v.numpy() for v in gan.weights_of("d")]
  scalars = gan.train_step(_batches())
  for name in (
    "loss/real_loss",
    "loss/fake_loss",
    "accuracy/real",
    "accuracy/fake",
    "loss/class_loss_real",
    "label_frac",
  ):
    assert np.isfinite(scalars[name]), name
  for old, new in zip(before, gan.weights_of("d")):
    assert not np.array_equal(old, new), new.name


def test_a_head_that_nobody_wants_is_not_made():
  gan = _s3gan("ModularGAN.conditional = True")
  assert len(gan.heads) == 1
  scalars = gan.train_step(_batches())
  assert "label_frac" not in scalars


def _silent(gan):
  """Sets the weights of all heads to 0: they add nothing, and say nothing."""
  for head in gan.heads:
    for v in head.trainable_variables:
      v.assign(tf.zeros_like(v))
  return gan


def test_blind_heads_cost_log_of_the_number_of_answers():
  gan = _silent(_s3gan(_ALL + "ModularGAN.g_lr = 0.0"))
  plain = tiny.gan("ModularGAN", batch_size=4).train_step(_batches())
  scalars = gan.train_step(_batches())
  np.testing.assert_allclose(scalars["loss/real_loss"], np.log(4), rtol=1e-5)
  np.testing.assert_allclose(
    scalars["loss/class_loss_real"], np.log(3), rtol=1e-5
  )
  np.testing.assert_allclose(
    scalars["loss/d_0"] - plain["loss/d_0"], np.log(4) + np.log(3), rtol=1e-5
  )
  np.testing.assert_allclose(
    scalars["loss/g"] - plain["loss/g"], 0.2 * np.log(4), rtol=1e-4
  )


@pytest.mark.parametrize(
  "labels,share", [((0, 1, 0, 1), 1.0), ((-1, 1, -1, -1), 0.25)]
)
def test_class_loss_counts_labels_that_are_there(labels, share):
  gan = _silent(_s3gan(_ALL + "ModularGAN.g_lr = 0.0"))
  scalars = gan.train_step(_batches(labels))
  assert float(scalars["label_frac"]) == share
  # The mean over those that have one, not over all.
  np.testing.assert_allclose(
    scalars["loss/class_loss_real"], np.log(3), rtol=1e-5
  )


def _d_loss_with_fakes_among_real(p, parts, weight):
  """Returns D's loss where APA puts fakes among images without labels."""
  gin.clear_config()
  bindings = f"""
    {_ALL}
    S3GAN.weight_class_loss = {weight}
    S3GAN.self_supervision = "none"
    ModularGAN.g_lr = 0.0
    augmentation.pseudo_real = @apa()
    apa.p = {p}
  """
  gan = _silent(_s3gan(bindings, batch_size=8, micro_batches=parts))
  return float(gan.train_step(_batches((-1,) * 8))["loss/d_0"])


@pytest.mark.parametrize("p,parts", [(1.0, 1), (0.5, 1), (0.5, 2)])
def test_labels_of_fakes_that_pass_for_real_count_as_any(p, parts):
  with_classes = _d_loss_with_fakes_among_real(p, parts, 1.0)
  without = _d_loss_with_fakes_among_real(p, parts, 0.0)
  # A blind predictor's, whatever the share of fakes.
  assert with_classes - without == pytest.approx(np.log(3), rel=1e-5)


def test_without_any_label_the_class_loss_is_0():
  scalars = _s3gan().train_step(_batches((-1, -1, -1, -1)))
  assert float(scalars["loss/class_loss_real"]) == 0.0


def _projected(gan, batch):
  """Returns the labels that the projection sees."""
  seen = []
  projection = gan._projection

  def spy(y, is_training):
    seen.append(y.numpy())
    return projection(y, is_training)

  gan._projection = spy
  gan.losses(gan.sample(batch, 0), Made(batch["images"]))
  return seen[0]


def _predict_class_2(gan):
  gan._predictor.kernel.kernel.assign(
    tf.zeros_like(gan._predictor.kernel.kernel)
  )
  gan._predictor.bias.assign([0.0, 0.0, np.log(2.0)])  # 1/4, 1/4, 1/2
  return gan


@pytest.mark.parametrize(
  "soft,answer", [(False, [0, 0, 1]), (True, [0.25, 0.25, 0.5])]
)
def test_predictions_stand_in_for_missing_labels(soft, answer):
  gan = _predict_class_2(_s3gan(f"{_ALL}\nS3GAN.use_soft_pred = {soft}"))
  batch = {
    **_batches((0, -1, 1, -1))[0],
    "sampled_labels": tf.constant([1, 1, 0, 0]),
  }
  y = _projected(gan, batch)
  # 4 upright and 3 turned real images (the last one), then as many fakes.
  expected = [[1, 0, 0], answer, [0, 1, 0], *[answer] * 4]
  np.testing.assert_allclose(y[:7], expected, rtol=1e-6)
  np.testing.assert_array_equal(np.argmax(y[7:], axis=1), [1, 1, 0, 0, 0, 0, 0])


def test_projection_is_added_to_the_scores():
  bindings = "ModularGAN.conditional = True\nS3GAN.project_y = True"
  gan = _silent(_s3gan(bindings))
  [batch] = _batches()
  complete = gan.sample(batch, 0)
  before = gan.losses(complete, Made(batch["images"]))
  gan._projection.kernel.kernel.assign(
    tf.ones_like(gan._projection.kernel.kernel)
  )
  after = gan.losses(complete, Made(batch["images"]))
  np.testing.assert_allclose(
    after.real.logits - before.real.logits,
    tf.reduce_sum(before.real.features, axis=1, keepdims=True),
    rtol=1e-4,
    atol=1e-6,
  )
  np.testing.assert_allclose(
    after.real.prob, tf.sigmoid(after.real.logits), rtol=1e-6
  )


def test_without_supervision_nothing_is_turned():
  gan = _s3gan(_ALL + 'S3GAN.self_supervision = "none"')
  [batch] = _batches()
  assert len(_projected(gan, batch)) == 8
  assert "loss/real_loss" not in gan.train_step([batch])


def test_soft_labels_are_used_as_they_are():
  gan = _s3gan(_ALL + "S3GAN.use_soft_labels = True")
  y = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.2, 0.2, 0.2], [0.0, 0.9, 0.1]]
  batch = {**_batches()[0], "labels": tf.constant(y)}
  np.testing.assert_allclose(_projected(gan, batch)[:4], y)


_HALFWAY = """
  G.batch_norm_fn = @batch_norm
  standardize_batch.decay = 0.5
  ModularGAN.g_lr = 0.0
"""


def _share_moved(bindings, **chosen):
  """Returns how far a step takes G's moving average to the batch's mean."""
  gan = _s3gan(_ALL + _HALFWAY + bindings, **chosen)
  [batch] = _batches()
  z = tf.constant([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]])
  batch = {**batch, "z": z, "sampled_labels": tf.constant([0, 1, 2, 0])}
  y = tf.one_hot(batch["sampled_labels"], 3)
  mean = tf.reduce_mean(gan.generator.hidden(tf.concat([z, y], 1), True), 0)
  gan.train_step([batch] * gan.batches_per_step)
  return gan.generator.norm.standardize.moving_mean.numpy() / mean.numpy()


@pytest.mark.parametrize(
  "bindings,chosen,moves",
  [
    ("", {}, 2),  # D's update makes the fakes, and so does G's.
    ("", {"disc_iters": 2}, 3),
    ("", {"gen_iters": 2}, 3),
    ("ModularGAN.experimental_force_graph_unroll = True", {}, 2),
    ("S3GAN.fakes_made_again = False", {}, 1),
    ("S3GAN.fakes_made_again = False", {"disc_iters": 2}, 2),
  ],
)
def test_moments_of_g_move_once_for_each_update(bindings, chosen, moves):
  share = _share_moved(bindings, **chosen)
  np.testing.assert_allclose(share, 1.0 - 0.5**moves, rtol=1e-4)


@pytest.mark.parametrize("again,moves", [(True, 2), (False, 1)])
def test_power_iterations_of_g_move_once_for_each_update(again, moves):
  gan = _s3gan(
    f"""
    {_ALL}
    G.spectral_norm = True
    G.batch_norm_fn = @conditional_batch_norm
    ModularGAN.g_lr = 0.0
    S3GAN.fakes_made_again = {again}
    resnet_cifar.Generator.ch = 4
    resnet_cifar.Discriminator.ch = 4
    """,
    architecture="resnet_cifar_arch",
    dataset=DatasetShape((32, 32, 3), 3),
  )
  kernel = gan.generator.fc_noise.kernel
  w = kernel.kernel.numpy()
  u = kernel.u_var.numpy()
  for _ in range(moves):
    v = w.T @ u
    u = w @ (v / np.linalg.norm(v))
    u /= np.linalg.norm(u)
  [batch] = tiny.batches(1, DatasetShape((32, 32, 3), 3), size=4)
  gan.train_step([batch])
  np.testing.assert_allclose(kernel.u_var.numpy(), u, rtol=1e-3, atol=1e-5)


def test_g_trains_through_the_fakes_that_it_makes_again():
  gan = _s3gan()
  before = [v.numpy() for v in gan.generator.trainable_variables]
  gan.train_step(_batches())
  for old, v in zip(before, gan.generator.trainable_variables):
    assert not np.array_equal(old, v), v.name


@pytest.mark.parametrize("graph", [False, True])
def test_class_loss_in_parts_is_that_of_the_whole_batch(graph):
  """The first of two parts, every other row, has all the labels but one."""
  labels = (0, -1, 1, -1, 2, 1, 0, -1)

  def step(parts):
    gan = _s3gan(
      _ALL
      + """
      ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
      ModularGAN.g_lr = 1.0
      S3GAN.weight_class_loss = 10.0
      """,
      batch_size=8,
      micro_batches=parts,
    )
    run = gan.train_step
    if graph:
      run = tf.function(run, autograph=False)
    scalars = run(_batches(labels))
    return tiny.values(gan), {k: float(v) for k, v in scalars.items()}

  for one, cut in zip(step(1), step(2)):
    assert set(one) == set(cut)
    for name, value in one.items():
      np.testing.assert_allclose(
        cut[name], value, rtol=1e-4, atol=1e-5, err_msg=name
      )


@pytest.mark.parametrize(
  "bindings,message",
  [
    ("", "S3GAN needs labels.*ModularGAN.conditional"),
    (
      "ModularGAN.conditional = True\nS3GAN.use_predictor = True",
      "needs S3GAN.project_y = True",
    ),
    (_ALL + "S3GAN.self_supervision = 'turn'", "'turn' is unknown"),
    (_ALL + "penalty.fn = @l2_penalty", "@l2_penalty.*supports no penalty"),
    (_ALL + "ModularGAN.deprecated_split_disc_calls = True", "in one pass"),
  ],
)
def test_what_cannot_be_is_refused(bindings, message):
  with pytest.raises(ValueError, match=message):
    _s3gan(bindings)


@pytest.mark.parametrize(
  "fraction,chosen,message",
  [
    (3, {}, "3 does not divide.*batch_size = 4"),
    (2, {}, "turns 0 of"),
    (1, {"micro_batches": 2}, "multiple of options.micro_batches = 2"),
  ],
)
def test_fractions_that_do_not_fit_are_refused(fraction, chosen, message):
  with pytest.raises(ValueError, match=message):
    _s3gan(_ALL, fraction, **chosen)


def test_weights_of_classes_need_soft_labels():
  batch = {**_batches()[0], "labels": tf.ones([4, 3]) / 3}
  with pytest.raises(ValueError, match="use_soft_labels = True"):
    _s3gan().train_step([batch])


def test_two_projections_are_warned_of():
  bindings = """
    resnet_cifar.Generator.ch = 4
    resnet_cifar.Discriminator.ch = 4
    resnet_cifar.Discriminator.project_y = True
    G.batch_norm_fn = @conditional_batch_norm
  """
  with pytest.warns(UserWarning, match="two projections"):
    _s3gan(
      _ALL + bindings,
      architecture="resnet_cifar_arch",
      dataset=DatasetShape((32, 32, 3), 3),
    )
