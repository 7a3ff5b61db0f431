"""Resampling filters, and the schedules of R3GAN and StyleGAN2."""

from compare_gan.context import scope
from compare_gan.gans import ema
from compare_gan.gans import loss_lib
from compare_gan.gans import optimizers
from compare_gan.gans import schedules
from compare_gan.gans.augmentation import probability
from compare_gan.layers import fir
import numpy as np
import tensorflow as tf

from tests import golden_cases
from tests import golden_rule

_EXACT = 1e-6

# ---- Operations --------------------------------------------------------------

# Those of StyleGAN2's own layers, which tests/layers compares.
_OF_STYLEGAN2 = {
  "bias_lrelu",
  "minibatch_stddev",
  "modulated_demod",
  "modulated_plain",
  "modulated_up_demod",
  "normalize_2nd_moment",
}


def drawn(case):
  """Returns {name: array}, drawn in the recorded order."""
  rng = np.random.RandomState(case["seed"])
  n, *_, channels = case["shape"]
  out = case["out_channels"]
  shapes = {
    "x": case["shape"],
    "k3": [3, 3, channels, out],
    "k1": [1, 1, channels, out],
    "style": [n, channels],
    "unused": [out],
    "bias": [channels],
    "batch": case["minibatch_shape"],
    "z": [3, 5],
  }
  arrays = {name: rng.randn(*shape) for name, shape in shapes.items()}
  arrays["style"] = 1.0 + 0.5 * arrays["style"]
  return {
    name: tf.constant(array.astype(np.float32))
    for name, array in arrays.items()
  }


def _filter(t):
  taps = np.array(fir.TAPS) / sum(fir.TAPS)
  return taps[:, None] * taps


def _conv3_up(t):
  x, transposed = t["x"], tf.transpose(t["k3"], [0, 1, 3, 2])
  n, h, w, _ = x.shape
  shape = [n, 2 * h + 1, 2 * w + 1, transposed.shape[2]]
  y = tf.nn.conv2d_transpose(x, transposed, shape, 2, "VALID")
  return fir.smooth(y, 1, 1, gain=2.0)


OPERATIONS = {
  "filter": _filter,
  "upsample": lambda t: fir.upsample(t["x"]),
  "downsample": lambda t: fir.downsample(t["x"]),
  "conv3_up": _conv3_up,
  "conv3_down": lambda t: tf.nn.conv2d(
    fir.smooth(t["x"], 2, 2), t["k3"], 2, "VALID"
  ),
  "conv1_down": lambda t: tf.nn.conv2d(
    fir.downsample(t["x"]), t["k1"], 1, "VALID"
  ),
}


def check_operations(case):
  arrays = drawn(case)
  assert set(case["values"]) == set(OPERATIONS) | _OF_STYLEGAN2
  for name, compute in OPERATIONS.items():
    recorded = golden_cases.value(case["values"][name])
    golden_rule.assert_close(compute(arrays), recorded, _EXACT, name)


# ---- Schedules ---------------------------------------------------------------


def _weights(case):
  value = np.random.RandomState(case["seed"]).randn(6).astype(np.float32)
  return scope.variable("w", [6], lambda rng, shape: value)


def _adam_of_schedules(case):
  """A beta2 that moves, with the bias correction of PyTorch."""

  def falling(first, last):
    return schedules.cosine_schedule(
      first,
      last,
      total=case["total_images"],
      unit="images",
      batch_size=case["batch"],
    )

  rng = np.random.RandomState(case["seed"])
  rng.randn(6)  # the weights
  lr, beta2 = falling(*case["lr"]), falling(*case["beta2"])
  adam = optimizers.AdamOptimizer(lr, 0.0, beta2, bias_correction="power")
  w = _weights(case)
  adam.build([w])
  for k, recorded in enumerate(case["adam_scheduled"]):
    for name, schedule in (("lr", lr), ("beta2", beta2)):
      yield f"{name} {k}", [schedule(k)], [recorded[name]], _EXACT
    g = (rng.randn(6) * 10.0 ** (-k % 3)).astype(np.float32)
    adam.apply_gradients([(tf.constant(g), w)], k)
    yield f"Adam {k}", w.numpy(), recorded["w"], _EXACT


def _lazy_adam(case):
  adam = optimizers.AdamOptimizer(0.0025, 0.0, 0.99).corrected(16 / 17)
  w = _weights(case)
  adam.build([w])
  rng = np.random.RandomState(case["seed"] + 1)
  for k, recorded in enumerate(case["lazy_adam"]["w"]):
    g = rng.randn(6).astype(np.float32)
    adam.apply_gradients([(tf.constant(g), w)], k)
    yield f"lazy Adam {k}", w.numpy(), recorded, _EXACT


def _controller(case):
  for row, batch in zip(case["ada"], (64, 64, 32, 64)):
    p, mean_sign, target, recorded = row
    controller = probability.AdaController(target=target)
    moved = controller.moved(p, mean_sign, batch)
    yield f"ADA {row}", [moved], [recorded], _EXACT


def check_schedules(case):
  for what, ours, recorded, tolerance in _schedules(case):
    golden_rule.assert_close(ours, recorded, tolerance, what)


def _schedules(case):
  yield from _adam_of_schedules(case)
  yield from _lazy_adam(case)
  yield from _controller(case)
  weight, half_life = (
    schedules.cosine_schedule(first, last, total=2e7)
    for first, last in ((0.05, 0.005), (0.0, 5e6))
  )
  images, *columns = zip(*case["cosine"])
  for schedule, recorded in zip((weight, half_life), columns):
    yield "cosine", [schedule(n) for n in images], recorded, _EXACT
  for images, batch, beta in case["ema"]:
    average = ema.HalfLife(images, batch_size=batch)
    yield f"EMA {images} {batch}", [average(0)], [beta], _EXACT
  rng = np.random.RandomState(case["seed"] + 2)
  real, fake = (tf.constant(rng.randn(5, 1), tf.float32) for _ in range(2))
  losses, recorded = (
    loss_lib.relativistic_paired(real, fake),
    case["relativistic"],
  )
  yield "D's loss", [losses.d_loss], [recorded["d_loss"]], _EXACT
  yield "G's loss", [losses.g_loss], [recorded["g_loss"]], _EXACT
  pairs = [
    loss_lib.relativistic_paired(one, other).d_loss
    for one, other in zip(real, fake)
  ]
  yield "pairs", pairs, recorded["d_loss_per_pair"], _EXACT


CHECKS = {
  "modern_ops": (check_operations,),
  "modern_schedules": (check_schedules,),
}
