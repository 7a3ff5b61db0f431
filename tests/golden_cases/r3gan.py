"""R3GAN against its own code: networks, both updates, and a short training.

The files are of another form than those of regularisers: weights and batches
follow from names and seeds, and pixels are those of the paper.
"""

import zlib

from compare_gan.configuration import gin_files
from compare_gan.context import pixels
from compare_gan.context import scope
from compare_gan.gans import modular_gan
from compare_gan.gans import optimizer as optimizer_lib
from compare_gan.gans.terms import slopes
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import golden_rule
from tests.gans import tiny

_OUTPUT, _GRADIENT = 1e-5, 1e-4
# Adam's first steps have the sign of a gradient, even one that is but rounding:
# what differs grows about tenfold in a step.
_OF_STEP = (1e-5, 1e-4, 5e-3, 5e-2)
_TRAINED = 0.15

_SETTINGS = """
loss.fn = @relativistic_paired
penalty.fn = @no_penalty
penalty.terms = [@r1_r2/term()]
r1_r2/term.fn = @r1_r2
ModularGAN.experimental_force_graph_unroll = True
ModularGAN.fit_label_distribution = True
"""


def random(name, shape):
  """Returns standard normal numbers that belong to a name."""
  seed = zlib.crc32(name.encode()) & 0x7FFFFFFF
  return np.random.RandomState(seed).randn(*shape)


def bind(config):
  """Binds the sizes of both networks."""
  gin_files.register()
  gin.parse_config(_SETTINGS)
  for name in ("Generator", "Discriminator"):
    for option in (
      "widths",
      "cardinalities",
      "blocks",
      "expansion",
      "kernel_size",
    ):
      gin.bind_parameter(f"r3gan.{name}.{option}", config[option])
    gin.bind_parameter(f"r3gan.{name}.low_pass", config["filter"])
  if config["num_classes"]:
    gin.bind_parameter("ModularGAN.conditional", True)
    gin.bind_parameter("r3gan.Generator.embed_dim", config["g_embed"])
    gin.bind_parameter("r3gan.Discriminator.embed_dim", config["d_embed"])


class Gan(modular_gan.ModularGAN):
  """Shows D what the file's `preprocessor` makes of images."""

  preprocessor = None

  def shown(self, images):
    if not self.preprocessor:
      return images
    shift, scale = self.preprocessor["shift"], self.preprocessor["scale"]
    x = pixels.to_papers(images)
    moved = tf.pad(x, [[0, 0], [0, 0], [shift, 0], [0, 0]])[:, :, : x.shape[2]]
    return pixels.from_papers(scale * moved, is_training=True)

  def augmented(self, batch, made, rows):
    return (
      batch._replace(images=self.shown(batch.images)),
      made._replace(images=self.shown(made.images)),
    )

  def one_hot(self, labels):
    return labels if labels.dtype.is_floating else super().one_hot(labels)


class Recording(optimizer_lib.Optimizer):
  """Moves nothing; its slot holds the last gradient."""

  def __init__(self, learning_rate, name="Recording"):
    super().__init__(learning_rate, name, slots={"gradient": 0.0})

  def _update(self, w, g, rate, *slots):
    return w, g


def make_gan(case):
  """Returns the GAN of a case as its weights start."""
  config = case["config"]
  rules = {name: rule for name, *rule in case["variables"]}

  def value(name, shape, dtype):
    if name not in rules:
      return None
    recorded, scale, offset, _ = rules[name]
    assert list(shape) == recorded, name
    return offset + scale * random(name, shape)

  dataset = DatasetShape(
    tuple(case["image_shape"]), config["num_classes"] or None
  )
  chosen = tiny.chosen_options(
    "r3gan_arch", z_dim=config["z_dim"], batch_size=config["batch"]
  )
  with scope.building(values=value):
    gan = Gan(dataset, chosen)
  gan.preprocessor = config.get("preprocessor")
  return gan


def batch(case, seed, label_seed=None):
  """Returns the batch I(seed) as a dict, its pixels in [0, 1]."""
  config = case["config"]
  rng = np.random.RandomState(seed)
  size, classes = config["batch"], config["num_classes"]
  z = rng.randn(size, config["z_dim"])
  u = rng.uniform(size=(size, *case["image_shape"]))
  labels = tf.constant(rng.randint(0, classes or 10, size), tf.int32)
  if config.get("soft_labels"):
    rows = np.random.RandomState(label_seed).uniform(size=(size, classes))
    rows /= rows.sum(axis=1, keepdims=True)
    labels = tf.constant(rows, tf.float32)
  return {
    "z": tf.constant(z, tf.float32),
    "images": tf.constant(u, tf.float32),
    "labels": labels,
  }


def _labels(gan, given):
  return gan.one_hot(given["labels"]) if gan.num_classes else None


def _raw(network, given, y):
  return network.raw_images(given["z"], y, is_training=True)


def _logits(gan, images, y):
  return gan.discriminator(images, y, is_training=True).logits[:, 0]


def _variables(case, gan):
  """Compares names, shapes, order and counts."""
  sides = {"g": gan.generator, "d": gan.discriminator}
  made = [v for network in sides.values() for v in network.variables]
  assert [
    [scope.full_name(v), list(v.shape), int(v.trainable)] for v in made
  ] == [
    [name, shape, trainable]
    for name, shape, _, _, trainable in case["variables"]
  ]
  for side, network in sides.items():
    count = sum(int(np.prod(v.shape)) for v in network.trainable_variables)
    assert count == case[f"params_{side}"]


def _forward(case, gan):
  recorded, given = case["forward"], batch(case, 0, 3)
  y = _labels(gan, given)
  raw = _raw(gan.generator, given, y)
  fakes = pixels.from_papers(raw, is_training=True)
  yield "g_raw", raw, recorded["g_raw"], _OUTPUT
  for name, images in (("d_real", given["images"]), ("d_fake", fakes)):
    yield name, _logits(gan, images, y), recorded[name], _OUTPUT
  for name, activation in _activations(gan, given, y).items():
    yield name, activation, recorded["activations"][name], _OUTPUT


def _activations(gan, given, y):
  """Returns {name: output} of all stages; D's last one ends in its units."""
  found, x = {}, given["z"]
  if y is not None:
    x = tf.concat([x, gan.generator.embed_y(y, True)], axis=1)
  for i, stage in enumerate(gan.generator.stages):
    x = found[f"generator/stage{i}"] = stage(x, True)
  d = gan.discriminator
  x = d.from_rgb(pixels.to_papers(given["images"]), True)
  for i, stage in enumerate(d.stages):
    x = found[f"discriminator/stage{i}"] = stage(x, True)
  found[f"discriminator/stage{i}"] = d.basis.fc(d.basis.features(x), True)
  return found


def _updates(case):
  """Yields the losses and gradients of both updates, the weights unmoved."""
  d_step, g_step = case["d_step"], case["g_step"]
  gin.bind_parameter("r1_r2/term.weight", d_step["gamma"])
  gin.bind_parameter("ModularGAN.g_optimizer_fn", Recording)
  gan = make_gan(case)
  first, second = batch(case, 0, 3), batch(case, 1, 4)
  scalars = gan.train_step([first, second])
  yield "d_step/loss", _total(scalars), [d_step["loss"]], _OUTPUT
  yield "g_step/loss", [scalars["loss/g"]], [g_step["loss"]], _OUTPUT
  margins, penalties = _rows(gan, first)
  yield "d margins", margins, d_step["relativistic_logits"], _OUTPUT
  adversarial = tf.nn.softplus(-margins)
  yield "d adversarial", adversarial, d_step["adversarial"], _OUTPUT
  for name, squares in penalties.items():
    yield name, squares, d_step[name], _OUTPUT
  margins, _ = _rows(gan, second)
  yield "g margins", -margins, g_step["relativistic_logits"], _OUTPUT
  yield "g adversarial", tf.nn.softplus(margins), g_step["adversarial"], _OUTPUT
  for network, optimizer, recorded in (
    (gan.discriminator, gan.d_optimizer, d_step),
    (gan.generator, gan.g_optimizer, g_step),
  ):
    yield from _gradients(network, optimizer, recorded)


def _gradients(network, optimizer, recorded):
  """Yields norms and probes; compared with the length of all numbers."""
  squares = 0.0
  assert len(recorded["grads"]) == len(network.trainable_variables)
  for v in network.trainable_variables:
    name, g = scope.full_name(v), optimizer.slot(v, "gradient").numpy()
    probe = np.sum(g * random(f"probe/{name}", g.shape), dtype=np.float64)
    norm = np.sqrt(np.sum(g**2, dtype=np.float64))
    squares += norm**2
    yield (
      f"gradient of {name}",
      [norm, probe],
      recorded["grads"][name],
      _GRADIENT,
    )
  yield "grad_norm", [squares**0.5], [recorded["grad_norm"]], _GRADIENT


def _total(scalars):
  """Returns D's loss with its penalty."""
  return [scalars["loss/d_0"] + scalars["penalty/r1_r2_weighted"]]


def _rows(gan, given):
  """Returns real - fake logits, and {"r1", "r2"} of each image."""
  y, real = _labels(gan, given), given["images"]
  fake = gan.generator(given["z"], y, is_training=True)

  def scored(images, y):
    return gan.discriminator(gan.shown(images), y, is_training=True)

  margins = scored(real, y).logits - scored(fake, y).logits
  penalties = {
    name: slopes.squared_norms(slopes.papers_gradients(scored, images, y))
    for name, images in (("r1", real), ("r2", fake))
  }
  return margins[:, 0], penalties


# ---- A training --------------------------------------------------------------

_TRAINING = """
ModularGAN.g_lr = @lr/cosine_schedule()
tf.train.AdamOptimizer.beta1 = 0.0
tf.train.AdamOptimizer.beta2 = @beta2/cosine_schedule()
tf.train.AdamOptimizer.bias_correction = "power"
ModularGAN.g_optimizer_fn = @tf.train.AdamOptimizer
r1_r2/term.weight = @gamma/cosine_schedule()
ModularGAN.g_use_ema = True
ModularGAN.ema_start_step = 0
ModularGAN.ema_decay = @ema_half_life()
ema_half_life.half_life = @ema_images/cosine_schedule()
cosine_schedule.unit = "images"
"""


def bind_training(train, batch_size):
  """Binds the schedules of the file's `train`."""
  gin.parse_config(_TRAINING)
  gin.bind_parameter("options.batch_size", batch_size)
  gin.bind_parameter("cosine_schedule.total", train["total_images"])
  for name in ("lr", "beta2", "gamma", "ema_images"):
    first, last = train[name]
    gin.bind_parameter(f"{name}/cosine_schedule.base", first)
    gin.bind_parameter(f"{name}/cosine_schedule.final", last)


def _training(case):
  train = case["train"]
  bind_training(train, case["config"]["batch"])
  gan = make_gan(case)
  for k, recorded in enumerate(train["records"]):
    given = [batch(case, 100 + 2 * k, 3), batch(case, 101 + 2 * k, 4)]
    rates = {
      "lr": gan.g_optimizer.learning_rate(k),
      "beta2": gan.d_optimizer._betas_at(k)[1],
      "gamma": gan.penalty.terms.all[0].term.weight(k),
      "ema_beta": gan.averages._decay(k),
    }
    for name, rate in rates.items():
      yield f"{k} {name}", [rate], [recorded[name]], _OUTPUT
    scalars = gan.train_step(given)
    r1_r2 = [0.5 * (recorded["r1"] + recorded["r2"])]
    tolerance = _OF_STEP[min(k, 3)]
    for name, found, expected in (
      ("d_loss", _total(scalars), [recorded["d_loss"]]),
      ("penalty", [scalars["penalty/r1_r2"]], r1_r2),
      ("g_loss", [scalars["loss/g"]], [recorded["g_loss"]]),
    ):
      yield f"{k} {name}", found, expected, tolerance
  given = batch(case, 0, 3)
  y = _labels(gan, given)
  for name, network in (
    ("g_raw_after", gan.generator),
    ("ema_raw_after", gan.averaged_generator),
  ):
    yield name, _raw(network, given, y), train[name], _TRAINED
  d_real = _logits(gan, given["images"], y)
  yield "d_real_after", d_real, train["d_real_after"], _TRAINED


# ---- What golden_test.py calls -----------------------------------------------


def check_networks(case):
  bind(case["config"])
  gin.bind_parameter("r1_r2/term.weight", case["config"]["gamma"])
  gan = make_gan(case)
  _variables(case, gan)
  compare(_forward(case, gan))


@pytest.mark.long
def check_updates(case):
  bind(case["config"])
  compare(_updates(case))


@pytest.mark.long
def check_training(case):
  if "train" not in case:
    pytest.skip("it holds no training")
  bind(case["config"])
  compare(_training(case))


def compare(rows):
  """Compares each of (what, ours, recorded, tolerance)."""
  for what, ours, recorded, tolerance in rows:
    golden_rule.assert_close(ours, recorded, tolerance, what)


CHECKS = {"r3gan": (check_networks, check_updates, check_training)}
