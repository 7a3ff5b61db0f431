"""StyleGAN2 at three sizes, against numbers of stylegan2-ada-pytorch.

Its files have pixels in [-1, 1]: images and slopes are converted here.
"""

import contextlib
from unittest import mock
import zlib

from compare_gan.architectures import abstract_arch
from compare_gan.architectures import stylegan2  # noqa: F401, for gin
from compare_gan.context import draws
from compare_gan.context import recompute
from compare_gan.context import scope
from compare_gan.gans import loss_lib
from compare_gan.gans.terms import path_length
from compare_gan.gans.terms import r1
from compare_gan.gans.terms import slopes
from compare_gan.layers import fir
from compare_gan.layers import minibatch_stddev
import gin
import numpy as np
import tensorflow as tf

from tests import golden_rule

_OUTPUTS = 1e-5
_GRADIENTS = 2e-3
# Path lengths of one image: a number next to the kink of a leaky ReLU falls on
# its other side with TensorFlow's own kernels, which the tests use. With those
# of oneDNN all of them agree as the others do.
_GRADIENTS_OF_ONE_IMAGE = 2e-2
_NOISE_STRENGTHS = 5e-2  # Sums that cancel; float64 differs as much.


def _seed(name):
  return zlib.crc32(name.encode()) & 0x7FFFFFFF


class _Inputs:
  """A batch of inputs, by the rule of these files."""

  def __init__(self, case, seed):
    config, rng = case["config"], np.random.RandomState(seed)
    n, classes = config["batch"], config["num_classes"]
    self.z = tf.constant(rng.randn(n, config["z_dim"]), tf.float32)
    self.u = tf.constant(
      rng.uniform(size=(n, *case["image_shape"])), tf.float32
    )
    labels = rng.randint(0, classes or 10, n)
    self.y = tf.one_hot(labels, classes) if classes else None


@contextlib.contextmanager
def _noise(seed):
  """Makes the k-th call of draws.normal return the k-th recorded noise."""
  count = iter(range(1000))

  def normal(shape):
    rng = np.random.RandomState(seed + next(count))
    return tf.constant(rng.randn(*map(int, shape)), tf.float32)

  with mock.patch.object(draws, "normal", normal):
    yield


class _Model:
  """G and D of a file."""

  def __init__(self, case):
    self.case, config = case, case["config"]
    self.first, self.second = _Inputs(case, 0), _Inputs(case, 1)
    shared = ("channel_base", "channel_max")
    of_g = {k: config[k] for k in (*shared, "w_dim", "mapping_layers")}
    # Training mixes styles where a test says so, and not otherwise.
    of_g["style_mixing"] = 0.9 if config["mixing_cutoff"] else 0.0
    of_d = {
      **{k: config[k] for k in (*shared, "mbstd_group")},
      "architecture": config["d_architecture"],
      "mapping_layers": config["d_mapping_layers"],
    }
    for network, values in (("Generator", of_g), ("Discriminator", of_d)):
      for name, value in values.items():
        gin.bind_parameter(f"stylegan2.{network}.{name}", value)
    self.rules = {name: rule for name, *rule in case["variables"]}
    shape, classes = case["image_shape"], config["num_classes"]
    with scope.building(values=self._value):
      self.g = abstract_arch.make_generator(
        "stylegan2_arch", config["z_dim"], shape, classes
      )
      self.d = abstract_arch.make_discriminator(
        "stylegan2_arch", shape, classes
      )

  def _value(self, name, shape, dtype):
    _, scale, offset, _ = self.rules[name]
    rng = np.random.RandomState(_seed(name))
    value = offset + scale * rng.randn(*shape)
    return np.asarray(value, dtype.as_numpy_dtype)

  def generated(self, given, noise, is_training=True):
    """Returns G's images in [0, 1], not clipped, without mixing."""
    with _noise(noise), _share_of_mixing(0.999):
      w = self.g.styles(given.z, given.y, is_training)
    with _noise(noise):
      return self.g.synthesis(w, given.y, is_training)

  def check_gradients(
    self, tape, loss, network, recorded, what, usual=_GRADIENTS
  ):
    """Compares a loss and, of each weight's gradient, norm and a probe."""
    weights = network.trainable_variables
    gradients = tape.gradient(loss, weights)
    of_slopes = what in ("g_path", "d_r1")
    tolerance = usual if of_slopes else _OUTPUTS
    golden_rule.assert_close([loss], [recorded["loss"]], tolerance, what)
    total = float(
      tf.linalg.global_norm([g for g in gradients if g is not None])
    )
    golden_rule.assert_close([total], [recorded["grad_norm"]], usual, what)
    for weight, gradient in zip(weights, gradients):
      name = scope.full_name(weight)
      expected = recorded["grads"][name]
      if expected is None or gradient is None:
        # A gradient that no path leads to, or one that is 0 on each.
        found = 0.0 if gradient is None else float(tf.norm(gradient))
        assert found == 0.0 and not np.any(expected or 0.0), (what, name)
        continue
      rng = np.random.RandomState(_seed(f"probe/{name}"))
      probe = np.sum(gradient.numpy() * rng.randn(*gradient.shape))
      found = np.array([float(tf.norm(gradient)), probe])
      scale = max(expected[0], 1e-5 * recorded["grad_norm"])
      error = np.abs(found - expected).max() / scale
      strength = name.endswith("/noise_strength")
      tolerance = max(usual, _NOISE_STRENGTHS if strength else 0.0)
      # What float64 differs by from the recorded float32, where sums cancel.
      gap = self.case["float64_gap"]["over_1e_4"].get(f"/{what}/{name}", 0.0)
      tolerance = max(tolerance, 5.0 * gap)
      assert error <= tolerance, (what, name, error)


@contextlib.contextmanager
def _share_of_mixing(u):
  """Makes draws.uniform return u; above `style_mixing` nothing is mixed."""
  with mock.patch.object(
    draws, "uniform", lambda shape: tf.fill([int(shape[0])], tf.constant(u))
  ):
    yield


# ---- Forward -----------------------------------------------------------------


def check_variables(case):
  model = _Model(case)
  found = [
    [scope.full_name(v), list(v.shape), int(v.trainable)]
    for v in (*model.g.variables, *model.d.variables)
  ]
  assert found == [[name, s, t] for name, s, _, _, t in case["variables"]]
  for network, count in ((model.g, "params_g"), (model.d, "params_d")):
    sizes = [np.prod(v.shape) for v in network.trainable_variables]
    assert sum(sizes) == case[count]
  assert model.g.num_styles == case["num_ws"]


def check_images(case):
  model, config = _Model(case), case["config"]
  g, given, recorded = model.g, model.first, case["forward"]
  w = g.mapping(given.z, given.y, False)
  found = {"w": w}
  ws = g.styles(given.z, given.y, False)
  whole = g.styles(given.z, given.y, False, truncation=config["psi"])
  found["w_truncated"] = whole[:, 0]
  part = g.truncated(ws, config["psi"], config["cutoff"])
  for name, styles, noise in (
    ("g_no_noise", ws, "none"),
    ("g_const_noise", ws, "const"),
    ("g_random_noise", ws, "random"),
    ("g_truncated", whole, "const"),
    ("g_truncated_cutoff", part, "const"),
  ):
    g._eval_noise = noise
    with _noise(1000):
      found[name] = g.raw_images(styles, False)
  fake = 0.5 * found["g_random_noise"] + 0.5
  found["d_real"] = model.d(given.u, given.y, False).logits[:, 0]
  found["d_fake"] = model.d(fake, given.y, False).logits[:, 0]
  assert set(recorded) - set(found) == {"activations_const_noise"}
  for name, value in found.items():
    golden_rule.assert_close(value, recorded[name], _OUTPUTS, name)


def check_activations(case):
  """What blocks return, the images so far, and the deviations of the batch."""
  model, given = _Model(case), _Inputs(case, 0)
  stages, larger, appended = [], [], []

  def spy(function, results):
    def called(*args, **kwargs):
      results.append(function(*args, **kwargs))
      return results[-1]

    return called

  sizes = [2**k for k in range(2, len(model.g.stages) + 2)]
  with mock.patch.object(recompute, "stage", spy(recompute.stage, stages)):
    with mock.patch.object(fir, "upsample", spy(fir.upsample, larger)):
      image = model.g.raw_images(model.g.styles(given.z, given.y, False), False)
    of_g, stages[:] = list(stages), []
    with mock.patch.object(
      stylegan2,
      "append_stddev",
      spy(minibatch_stddev.append_stddev, appended),
    ):
      model.d(given.u, given.y, False)
  found = {f"generator/b{r}": x for r, x in zip(sizes, of_g)}
  found[f"generator/b{sizes[-1]}/rgb"] = image
  found |= {f"discriminator/b{r}": x for r, x in zip(sizes[:0:-1], stages)}
  found["discriminator/mbstd_channel"] = appended[0][..., -1:]
  for name, value in found.items():
    recorded = case["forward"]["activations_const_noise"][name]
    golden_rule.assert_close(value, recorded, _OUTPUTS, name)


# ---- Losses and their gradients ----------------------------------------------


def check_g_main(case):
  model, recorded = _Model(case), case["g_main"]
  given, cutoff = model.first, case["config"]["mixing_cutoff"]
  other = mock.patch.object(draws, "normal", lambda shape: model.second.z)
  # Of the images that are mixed, those in the middle of cutoff's share.
  u = 0.9 * (cutoff - 0.5) / (model.g.num_styles - 1.0)
  with tf.GradientTape() as tape:
    with other, _share_of_mixing(u):
      w = model.g.styles(given.z, given.y)
    with _noise(2000):
      images = model.g.synthesis(w, given.y, True)
    logits = model.d(images, given.y, True).logits
    loss = loss_lib.non_saturating(logits, logits).g_loss
  golden_rule.assert_close(logits, recorded["logits"], _OUTPUTS, "g_main")
  moved = model.g.mapping.w_avg.numpy()
  golden_rule.assert_close(moved, recorded["w_avg_after"], _OUTPUTS, "w_avg")
  model.check_gradients(tape, loss, model.g, recorded, "g_main")


def check_g_path(case):
  model, recorded = _Model(case), case["g_path"]
  n, size = case["config"]["batch"], case["image_shape"][0]
  noise = np.random.RandomState(5).randn(n // 2, *case["image_shape"])
  # The term divides by the pixels' root, as the file's rule does.
  given = [model.second.z, tf.constant(noise, tf.float32)]
  term = path_length.PathLength()
  term.mean.assign(recorded["pl_mean_before"])

  def styles(z, y):
    with _share_of_mixing(0.999):
      with mock.patch.object(draws, "normal", lambda shape: z):
        return model.g.styles(z, y)

  def synthesis(w, y):
    with _noise(3000):
      return model.g.synthesis(w, y, True)

  with tf.GradientTape() as tape:
    penalty, statistics = term(
      styles, synthesis, model.second.z, model.second.y, lambda _: given.pop(0)
    )
    loss = 2.0 * penalty
  term.move(**statistics)
  assert size == case["config"]["resolution"]
  for name, value, expected in (
    ("length", statistics["length"], np.mean(recorded["lengths"])),
    ("pl_mean_after", term.mean, recorded["pl_mean_after"]),
    ("penalty", penalty, recorded["penalty"]),
  ):
    golden_rule.assert_close([value], [expected], _GRADIENTS, name)
  usual = _GRADIENTS if n > 3 else _GRADIENTS_OF_ONE_IMAGE
  model.check_gradients(tape, loss, model.g, recorded, "g_path", usual)


def check_d_main(case):
  model, recorded = _Model(case), case["d_main"]
  fakes = model.generated(model.second, 4000)
  with tf.GradientTape() as tape:
    fake = model.d(fakes, model.second.y, True).logits
    real = model.d(model.first.u, model.first.y, True).logits
    loss = loss_lib.non_saturating(real, fake).d_loss
  golden_rule.assert_close(fake, recorded["fake_logits"], _OUTPUTS, "d_main")
  golden_rule.assert_close(real, recorded["real_logits"], _OUTPUTS, "d_main")
  model.check_gradients(tape, loss, model.d, recorded, "d_main")


def check_d_r1(case):
  model, recorded = _Model(case), case["d_r1"]
  with tf.GradientTape() as tape:
    found = slopes.papers_gradients(
      lambda x, y: model.d(x, y, True), model.first.u, model.first.y
    )
    loss = recorded["gamma"] * r1.r1(found)
  squares = slopes.squared_norms(found)
  golden_rule.assert_close(squares, recorded["r1"], _GRADIENTS, "r1")
  model.check_gradients(tape, loss, model.d, recorded, "d_r1")


CHECKS = {
  "stylegan2": (
    check_variables,
    check_images,
    check_activations,
    check_g_main,
    check_g_path,
    check_d_main,
    check_d_r1,
  )
}
