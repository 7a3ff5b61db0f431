"""A batch in parts makes the step that it makes in one piece."""

from compare_gan.context import state
from compare_gan.gans import micro_batches
from compare_gan.gans.micro_batches import Rows
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_N = 8


def test_parts_are_every_kth_row():
  x = tf.range(6)
  np.testing.assert_array_equal(Rows(0, 2).of(x), [0, 2, 4])
  np.testing.assert_array_equal(Rows(1, 2).of(x), [1, 3, 5])


def test_parts_of_a_nest_keep_none():
  x, [y, none] = Rows(1, 2).of((tf.range(2), [tf.range(4), None]))
  np.testing.assert_array_equal(x, [1])
  np.testing.assert_array_equal(y, [1, 3])
  assert none is None


def test_whole_undoes_the_parts():
  x = tf.reshape(tf.range(12), [6, 2])
  parts = tf.stack([Rows(j, 3).of(x) for j in range(3)])
  np.testing.assert_array_equal(micro_batches.whole(parts), x)


@pytest.mark.parametrize("name", ["uniform", "normal"])
def test_part_draws_what_its_rows_have_in_the_whole_batch(name):
  gan = tiny.gan(batch_size=_N)
  [batch] = tiny.batches(1, size=_N)
  with gan.noise("penalty", 0, tf.constant(_N)):
    whole = getattr(Rows(), name)([_N, 3]).numpy()
  for j in range(2):
    with gan.noise("penalty", 0, tf.constant(_N)):
      part = getattr(Rows(j, 2), name)([tf.constant(4), 3])
    np.testing.assert_array_equal(part, whole[j::2])


@pytest.mark.parametrize("graph", [False, True])
def test_average_moves_by_each_part_and_is_read_as_it_was(graph):
  average = tf.Variable(4.0, trainable=False)
  seen = tf.Variable(0.0)
  x = tf.constant([0.0, 8.0])

  def part(rows):
    [value] = tf.unstack(rows.of(x))
    state.update(average, lambda: 0.5 * average + 0.5 * value)
    return [average + value, None], [value[None]]

  def run():
    return micro_batches.run(
      part, 2, [seen, seen], 1, micro_batches.whole, [average]
    )

  [mean, none], [outputs] = tf.function(run)() if graph else run()
  assert float(mean) == 8.0  # (4 + 0 + 4 + 8) / 2
  assert none is None
  assert float(average) == 5.0  # 4 -> 2 -> 5
  np.testing.assert_array_equal(outputs, x)


def test_held_state_comes_back():
  v = tf.Variable(1.0)
  with micro_batches.held([v], [tf.constant(2.0)]):
    assert float(v) == 2.0
    v.assign(3.0)
  assert float(v) == 1.0
  with micro_batches.held([v], []):
    v.assign(3.0)
  assert float(v) == 3.0


def _step(parts, graph=True, cls="ModularGAN", **chosen):
  """Returns the scalars of a step and all values after it."""
  gan = tiny.gan(cls, batch_size=_N, micro_batches=parts, **chosen)
  step = gan.train_step
  if graph:
    step = tf.function(step, autograph=False)
  scalars = step(tiny.batches(gan.batches_per_step, size=_N))
  return {k: float(v) for k, v in scalars.items()}, tiny.values(gan)


_CONFIG = """
  ModularGAN.conditional = True
  ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
  ModularGAN.g_lr = 0.1
  D.spectral_norm = True
  penalty.fn = @wgangp_penalty
  augmentation.policy = "color,translation,cutout"
  SSGAN.rotated_batch_size = 16
"""


def _assert_same(one, other, rtol=1e-5):
  for a, b in zip(one, other):
    assert set(a) == set(b)
    for name, value in a.items():
      np.testing.assert_allclose(
        b[name], value, rtol=rtol, atol=1e-6, err_msg=name
      )


@pytest.mark.long
@pytest.mark.parametrize(
  "cls,unrolled,parts,graph",
  [
    ("ModularGAN", False, 2, True),
    ("SSGAN", True, 4, True),
    ("ModularGAN", True, 4, False),
    ("SSGAN", False, 2, False),
  ],
)
def test_parts_make_the_step_of_the_whole_batch(cls, unrolled, parts, graph):
  gin.parse_config(_CONFIG)
  gin.bind_parameter("ModularGAN.experimental_force_graph_unroll", unrolled)
  gin.bind_parameter("ModularGAN.experimental_joint_gen_for_disc", unrolled)
  iters = 1 if graph else 2  # Graphs take long to build.
  whole = _step(1, False, cls, disc_iters=iters, gen_iters=iters)
  cut = _step(parts, graph, cls, disc_iters=iters, gen_iters=iters)
  _assert_same(whole, cut)


@pytest.mark.long
@pytest.mark.parametrize("penalty", ["lecam_penalty", "dragan_penalty"])
def test_anchors_and_noise_of_penalties(penalty):
  """LeCam's anchors move by the mean of the parts, DRAGAN sees each part."""
  gin.parse_config(_CONFIG + f"penalty.fn = @{penalty}")
  whole, cut = _step(1, False), _step(2, False)
  if penalty == "lecam_penalty":
    _assert_same(whole, cut)
    assert any(name.startswith("score_anchors") for name in cut[1])
  else:  # The noise is as wide as the part's deviation: about the same.
    _assert_same([whole[0]], [cut[0]], rtol=0.05)


@pytest.mark.long
def test_g_with_spectral_norm_sees_one_power_iteration():
  gin.parse_config(
    """
    ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
    ModularGAN.g_lr = 0.1
    G.spectral_norm = True
    G.batch_norm_fn = @no_batch_norm
    resnet5.Generator.ch = 2
    resnet5.Discriminator.ch = 2
    """
  )
  dataset = DatasetShape((8, 8, 3), 0)

  def step(parts):
    gan = tiny.gan(
      architecture="resnet5_arch",
      dataset=dataset,
      batch_size=4,
      micro_batches=parts,
    )
    gan.train_step(tiny.batches(1, dataset, size=4))
    return tiny.values(gan)

  whole = step(1)
  assert any(name.startswith("generator") and "u_var" in name for name in whole)
  _assert_same([whole], [step(2)], rtol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("graph", [False, True])
def test_moments_of_g_see_each_part(graph):
  gin.parse_config(
    """
    G.batch_norm_fn = @batch_norm
    standardize_batch.decay = 0.5
    ModularGAN.g_lr = 0.0
    """
  )
  gan = tiny.gan(batch_size=4, micro_batches=2)
  [batch] = tiny.batches(1, size=4)
  z = tf.constant([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
  hidden = gan.generator.hidden(z, True).numpy()
  first, second = hidden[0::2].mean(0), hidden[1::2].mean(0)
  step = (
    tf.function(gan.train_step, autograph=False) if graph else gan.train_step
  )
  step([{**batch, "z": z}])
  np.testing.assert_allclose(
    gan.generator.norm.standardize.moving_mean,
    0.5 * (0.5 * first) + 0.5 * second,
    rtol=1e-5,
  )


def test_with_live_batch_norm_gradients_are_the_means_of_the_parts():
  gin.parse_config(
    """
    G.batch_norm_fn = @batch_norm
    ModularGAN.g_optimizer_fn = @tf.train.GradientDescentOptimizer
    ModularGAN.g_lr = 1000.0
    ModularGAN.d_lr = 0.0
    """
  )
  [batch] = tiny.batches(1, size=4)
  batch["z"] = tf.constant([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 3.0]])
  names = [f"generator/{layer}" for layer in ("hidden/kernel", "out/bias")]

  def move(gan, batch):
    before = tiny.values(gan)
    gan.train_step([batch])
    after = tiny.values(gan)
    return [after[name] - before[name] for name in names]

  cut = move(tiny.gan(batch_size=4, micro_batches=2), batch)
  halves = [move(tiny.gan(), Rows(j, 2).of(batch)) for j in range(2)]
  for moved, one, other in zip(cut, *halves):
    assert np.abs(moved).max() > 1e-4
    np.testing.assert_allclose(moved, 0.5 * (one + other), 1e-4, 1e-6)


def test_batch_that_does_not_divide_is_refused():
  with pytest.raises(ValueError, match="micro_batches = 2 does not divide"):
    tiny.gan(batch_size=3, micro_batches=2)
  gan = tiny.gan(batch_size=4, micro_batches=2)  # of replicas that have 3 each
  with pytest.raises(ValueError, match="micro_batches = 2 does not divide"):
    gan.train_step(tiny.batches(1, size=3))


def test_turned_images_that_do_not_divide_are_refused():
  gin.bind_parameter("SSGAN.rotated_batch_size", 4)
  with pytest.raises(ValueError, match="1 images, which options.micro_batches"):
    tiny.gan("SSGAN", batch_size=_N, micro_batches=2)


@pytest.mark.long
def test_a_large_step_can_be_run_again():
  """TensorFlow rewrites sums in steps of more than 200 MB on a CPU."""
  weights = tf.Variable(tf.ones([10**7]))

  def part(rows):
    del rows
    term = tf.sin(weights)
    for k in range(2, 7):
      term += tf.sin(k * weights)
    return [term], []

  @tf.function
  def loop(steps):
    first = 0.0
    for _ in tf.range(steps):
      [mean], _ = micro_batches.run(part, 4, [weights], 0, None, [])
      first = tf.reduce_sum(mean[:1])
    return first

  expected = np.sin(np.arange(1, 7)).sum()
  for steps in (1, 2):
    np.testing.assert_allclose(loop(tf.constant(steps)), expected, rtol=1e-5)
