"""The benchmark counts what it should, and ends with one line of JSON."""

import json

from compare_gan.estimator import hooks
import pytest
import tensorflow as tf

from benchmarks import train_step

pytestmark = pytest.mark.versions("tf.function makes a step")


def _gflop(function, *shapes):
  concrete = tf.function(function).get_concrete_function(
    *[tf.TensorSpec(shape, tf.float32) for shape in shapes]
  )
  return train_step.gflop(concrete) * 1e9


def test_a_convolution_and_its_gradients_cost_the_same():
  def forward(x, kernel):
    return tf.nn.conv2d(x, kernel, 2, "SAME")

  def both(x, kernel):
    with tf.GradientTape() as tape:
      tape.watch([x, kernel])
      y = forward(x, kernel)
    return tape.gradient(y, [x, kernel])

  shapes = [2, 8, 8, 3], [3, 3, 3, 5]
  flop = 2 * (2 * 4 * 4) * (3 * 3 * 3 * 5)
  assert _gflop(forward, *shapes) == pytest.approx(flop)
  # The gradients do not need the value, which is then not computed.
  assert _gflop(both, *shapes) == pytest.approx(2 * flop)


def test_a_gradient_that_nobody_asks_for_does_not_count():
  def of_x(x, kernel):
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = tf.nn.conv2d(x, kernel, 1, "SAME")
    return tape.gradient(y, x)

  flop = 2 * (2 * 8 * 8) * (3 * 3 * 3 * 5)
  assert _gflop(of_x, [2, 8, 8, 3], [3, 3, 3, 5]) == pytest.approx(flop)


@pytest.mark.parametrize("transposed", [False, True])
def test_matrix_products(transposed):
  shape = [7, 4] if transposed else [4, 7]

  def matmul(a, b):
    return tf.matmul(a, b, transpose_a=transposed)

  assert _gflop(matmul, shape, [7, 5]) == pytest.approx(2 * 4 * 7 * 5)
  batched = [[3, *shape], [3, 7, 5]]
  assert _gflop(matmul, *batched) == pytest.approx(3 * 2 * 4 * 7 * 5)


def test_a_loop_counts_as_often_as_it_runs():
  def four_times(x):
    def body(j: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      return j + 1, tf.matmul(y, y)

    return tf.while_loop(lambda j, _: j < 4, body, (tf.constant(0), x))[1]

  assert _gflop(four_times, [3, 3]) == pytest.approx(4 * 2 * 3 * 3 * 3)


def test_bytes_of_operations_that_move_some():
  def add(x, y):
    return tf.reshape(x + y, [6])  # The reshape copies nothing.

  spec = tf.TensorSpec([2, 3], tf.float32)
  concrete = tf.function(add).get_concrete_function(spec, spec)
  assert train_step.moved_gb(concrete) * 1e9 == pytest.approx(3 * 6 * 4)


def test_the_peak_is_a_number_of_gflops():
  assert 0 < train_step.conv_peak(tf.float32, 1, batch=1, pixels=8) < 1e6


@pytest.mark.slow  # Three graphs of a whole step.
def test_the_last_line_is_json(capsys, monkeypatch):
  monkeypatch.setitem(train_step._PEAK, "batch", 1)
  arguments = ["--gin_config=sndcgan_cifar10.gin", "--batch=2", "--steps=2"]
  arguments += [
    "--gin_bindings=sndcgan.Generator.ch = 2",
    "--gin_bindings=sndcgan.Discriminator.ch = 2",
    "--gin_bindings=options.disc_iters = 2",
    "--gin_bindings=penalty.fn = @no_penalty",
    "--with_input",
  ]
  train_step.main(arguments)
  lines = capsys.readouterr().out.splitlines()
  result = json.loads(lines[-1])
  assert {
    "cycle_s",
    "images_per_s",
    "gflop_per_cycle",
    "conv_peak_gflops",
    "of_peak",
    "moved_gb",
    "peak_rss_gib",
    "estimate_gib",
    "first_step_s",
    "versions",
    "with_input",
  } <= set(result)
  assert result["batch"] == 2
  # 2 images in each of 2 D updates; both numbers are rounded.
  seen = result["images_per_s"] * result["cycle_s"]
  assert seen == pytest.approx(4, rel=0.02)
  assert result["versions"]["tensorflow"] == tf.__version__
  assert any(line.startswith("CPU flags:") for line in lines)
  assert any(line.startswith("Threads:") for line in lines)


def test_its_hook_has_all_that_the_estimator_asks_of_one():
  asked = {name for name in dir(hooks.Hook) if name[0] != "_"}
  assert asked <= set(dir(train_step._Clock))


def test_no_steps_are_refused(capsys):
  with pytest.raises(SystemExit):
    train_step.main(["--steps=0"])
  assert "--steps=0" in capsys.readouterr().err
