"""What is computed in the compute dtype, and what is not."""

import threading

from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.context import state
from compare_gan.estimator import run_config
from compare_gan.layers import attention
from compare_gan.layers import conv
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("float16 and bfloat16 kernels")

_OLD = tf.__version__.startswith("2.6.")
LOW = [
  "float16",
  pytest.param(
    "bfloat16", marks=pytest.mark.skipif(_OLD, reason="refused there")
  ),
]


# ---- The choice --------------------------------------------------------------


def test_float32_is_the_default():
  assert precision.compute_dtype() == tf.float32
  assert not precision.loss_is_scaled()
  x = tf.ones([1], tf.float32)
  assert precision.entering(x) is x or precision.entering(x).dtype == tf.float32


@pytest.mark.parametrize("name", LOW)
def test_using_holds_inside_and_in_other_threads(name):
  seen = []
  with precision.using(name):
    thread = threading.Thread(
      target=lambda: seen.append(precision.compute_dtype())
    )
    thread.start()
    thread.join()
  assert seen == [tf.as_dtype(name)]
  assert precision.compute_dtype() == tf.float32


def test_using_ends_with_an_error_too():
  with pytest.raises(KeyError):
    with precision.using("float16"):
      raise KeyError
  assert precision.compute_dtype() == tf.float32


def test_only_float16_needs_a_loss_scale_unless_told_otherwise():
  with precision.using("float16"):
    assert precision.loss_is_scaled()
  with precision.using("float32", loss_scaled=True):
    assert precision.loss_is_scaled()
    assert precision.compute_dtype() == tf.float32


def test_only_float32_is_cast_on_entering():
  with precision.using("float16"):
    assert precision.entering(tf.ones([1])).dtype == tf.float16
    assert precision.entering(tf.ones([1], tf.float64)).dtype == tf.float64


def test_an_unknown_precision_is_refused():
  with pytest.raises(ValueError, match="'float8' is unknown.*'bfloat16'"):
    with precision.using("float8"):
      pass


@pytest.mark.skipif(not _OLD, reason="only TensorFlow 2.6 cannot")
def test_a_precision_without_convolutions_is_refused():
  with pytest.raises(ValueError, match="cannot convolve in it.*'float32'"):
    with precision.using("bfloat16"):
      pass


def test_wrong_results_of_a_convolution_are_found(monkeypatch):
  monkeypatch.setattr(precision, "_works", {})
  conv2d = tf.nn.conv2d
  monkeypatch.setattr(
    tf.nn,
    "conv2d",
    lambda x, *rest: conv2d(x, *rest) * (0 if x.dtype == tf.float16 else 1),
  )
  with pytest.raises(ValueError, match="its results are wrong"):
    with precision.using("float16"):
      pass


# ---- run_config --------------------------------------------------------------


@pytest.mark.parametrize(
  "bindings, expected",
  [
    ([], ("float32", False)),
    (["precision = 'bfloat16'"], ("bfloat16", False)),
    (["precision = 'float16'"], ("float16", True)),
    (["precision_mode = 'allow_mix_precision'"], ("float16", True)),
    (["precision_mode = 'must_keep_origin_dtype'"], ("float32", False)),
    (["precision_mode = 'allow_mix_precision_bf16'"], ("bfloat16", False)),
    (
      ["precision = 'float16'", "precision_mode = 'allow_mix_precision'"],
      ("float16", True),
    ),
  ],
)
def test_gin_chooses(bindings, expected):
  gin.parse_config([f"run_config.{binding}" for binding in bindings])
  config = run_config.run_config()
  assert precision.resolve(config.precision, config.precision_mode) == expected


def test_a_compiler_mixes_by_itself():
  resolve = precision.resolve
  assert resolve(None, "allow_mix_precision", True) == ("float32", True)
  assert resolve(None, "force_fp16", True) == ("float32", True)
  assert resolve(None, "must_keep_origin_dtype", True) == ("float32", False)
  assert resolve("bfloat16", None, True) == ("bfloat16", False)


@pytest.mark.parametrize(
  "bindings, message",
  [
    (["precision = 'half'"], "run_config.precision = 'half' is unknown"),
    (["precision_mode = 'fast'"], "run_config.precision_mode = 'fast' is unk"),
    (
      ["precision = 'float32'", "precision_mode = 'allow_mix_precision'"],
      "contradicts",
    ),
  ],
)
def test_run_config_refuses(bindings, message):
  gin.parse_config([f"run_config.{binding}" for binding in bindings])
  with pytest.raises(ValueError, match=message):
    run_config.run_config()


def test_modes_that_only_a_compiler_has():
  with pytest.raises(
    ValueError, match="devices whose compiler mixes precisions"
  ):
    precision.resolve(None, "force_fp16")
  with pytest.warns(UserWarning, match="'allow_mix_precision' is faster"):
    assert precision.resolve(None, "allow_fp32_to_fp16") == ("float32", False)


# ---- Layers ----------------------------------------------------------------


@pytest.mark.parametrize("name", LOW)
@pytest.mark.parametrize(
  "make, arguments",
  [
    (lambda: conv.Conv2D(8, 8), []),
    (lambda: conv.Deconv2D(8, 8), [(4, 4)]),
    (lambda: conv.ScaledConv2D(8, 8, 3, "none"), []),
    (lambda: conv.ScaledConv2D(8, 8, 3, "up"), []),
    (lambda: conv.ScaledConv2D(8, 8, 3, "down"), []),
    (lambda: attention.NonLocalBlock(8), []),
    (lambda: attention.NonLocalBlock(8, query_chunk=2), []),
  ],
)
def test_a_float32_image_enters_the_compute_dtype(name, make, arguments):
  layer = make()
  with precision.using(name):
    assert layer(tf.ones([1, 2, 2, 8]), *arguments, True).dtype == name
    # An image of another type is left in it.
    half = tf.ones([1, 2, 2, 8], tf.float16)
    assert layer(half, *arguments, True).dtype == tf.float16


@pytest.mark.parametrize("name", LOW)
def test_the_weights_of_attention_are_summed_in_float32(name):
  one = tf.zeros([1, 1, 1], name)
  keys = tf.zeros([1, 4096, 1], name)  # Each weight is 1 / 4096.
  weights = attention._weights(one, keys)
  assert weights.dtype == tf.float32
  np.testing.assert_allclose(tf.reduce_sum(weights), 1, rtol=1e-5)
  for attend in (
    attention.attention,
    lambda *qkv: attention.chunked_attention(*qkv, chunk=1),
  ):
    assert attend(one, keys, tf.ones([1, 4096, 1], name)).dtype == name


# ---- The networks ------------------------------------------------------------

_DATASET = DatasetShape((32, 32, 3), 3)
_GIN = """
  ModularGAN.conditional = True
  resnet_biggan.Generator.ch = 4
  resnet_biggan.Discriminator.ch = 4
  resnet_biggan.Generator.blocks_with_attention = "B2"
  resnet_biggan.Discriminator.blocks_with_attention = "B1"
  G.batch_norm_fn = @conditional_batch_norm
  G.spectral_norm = True
  D.spectral_norm = True
  weights.initializer = "orthogonal"
"""


def _biggan(**chosen):
  gin.parse_config(_GIN)
  return tiny.gan(
    architecture="resnet_biggan_arch", dataset=_DATASET, z_dim=8, **chosen
  )


_Z = tf.constant(np.random.RandomState(0).randn(4, 8), tf.float32)
_Y = tf.one_hot([0, 1, 2, 0], 3)


@pytest.mark.parametrize("name", LOW)
def test_images_and_scores_are_float32_near_those_of_float32(name):
  gan = _biggan()
  with state.frozen():
    images = gan.generator(_Z, _Y, is_training=True)
    scores = gan.discriminator(images, _Y, is_training=True)
  with precision.using(name), state.frozen():
    low_images = gan.generator(_Z, _Y, is_training=True)
    low_scores = gan.discriminator(images, _Y, is_training=True)
  assert low_images.dtype == low_scores.logits.dtype == tf.float32
  # About ten roundings, one after the other, of 2^-11 or 2^-9 each, in random
  # directions; tanh / 2 passes on at most a half of the pixel's error.
  rounding = {"float16": 2.0**-11, "bfloat16": 2.0**-9}[name]
  error = np.sqrt(np.mean(np.square(images - low_images)))
  assert 0 < error < 10 * rounding * np.std(images)
  np.testing.assert_allclose(
    scores.logits,
    low_scores.logits,
    atol=20 * rounding * np.abs(scores.logits).max(),
  )


@pytest.mark.parametrize("name", LOW)
def test_what_lies_between_convolutions_stays_low(name, monkeypatch):
  gan = _biggan()
  seen = []
  plain = conv.Conv2D.__call__

  def spy(self, x, *rest):
    y = plain(self, x, *rest)
    seen.append((x.dtype.name, y.dtype.name))
    return y

  monkeypatch.setattr(conv.Conv2D, "__call__", spy)
  with precision.using(name):
    images = gan.generator(_Z, _Y, is_training=True)
    gan.discriminator(images, _Y, is_training=True)
  assert {out for _, out in seen} == {name}
  # z and the images come in as float32: B1 of each has two convolutions on it.
  assert [into for into, _ in seen].count(name) >= len(seen) - 4


def _losses(name, architecture, size, steps=1):
  """Returns the GAN of an architecture after some steps, and its scalars."""
  dataset = DatasetShape((size, size, 3), 3)
  with precision.using(name):
    gan = tiny.gan(
      architecture=f"{architecture}_arch", dataset=dataset, z_dim=4
    )
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(steps):
      scalars = step(tiny.batches(1, dataset))
  return gan, {name: float(value) for name, value in scalars.items()}


def _small(architecture):
  gin.parse_config(
    f"""
    {architecture}.Generator.ch = 2
    {architecture}.Discriminator.ch = 2
    G.batch_norm_fn = @batch_norm
    D.spectral_norm = True
    weights.initializer = "orthogonal"
    """
  )


@pytest.mark.once
@pytest.mark.long
@pytest.mark.parametrize("name", LOW)
@pytest.mark.parametrize("penalty", ["no_penalty", "wgangp_penalty"])
def test_a_gan_trains_and_keeps_float32(name, penalty):
  _small("sndcgan")
  gin.bind_parameter("penalty.fn", gin.get_configurable(penalty))
  gin.parse_config("ModularGAN.g_use_ema = True\nModularGAN.ema_start_step = 0")
  gan, scalars = _losses(name, "sndcgan", 8, steps=2)
  assert all(np.isfinite(value) for value in scalars.values())
  values = tiny.values(gan)
  assert all(np.isfinite(value).all() for value in values.values())
  for v in gan.variables:
    assert v.dtype == tf.float32 or v.dtype.is_integer, v.name
  for v in gan.weights_of("d") + gan.weights_of("g"):
    assert np.any(values[scope.full_name(v)] != 0), v.name


@pytest.mark.long
@pytest.mark.parametrize("name", LOW)
@pytest.mark.parametrize(
  "architecture,size",
  [
    ("dcgan", 16),
    ("infogan", 8),
    pytest.param("resnet5", 8, marks=pytest.mark.slow),
    pytest.param("resnet_biggan_deep", 32, marks=pytest.mark.slow),
  ],
)
def test_a_step_has_the_losses_of_float32_nearly(architecture, size, name):
  _small(architecture)
  if architecture == "resnet_biggan_deep":
    gin.bind_parameter(f"{architecture}.Discriminator.project_y", False)
  _, low = _losses(name, architecture, size)
  _, full = _losses("float32", architecture, size)
  for loss in ("loss/d_0", "loss/g"):
    # Some ten roundings of 2^-9, and the size of logits, a few times 1.
    np.testing.assert_allclose(low[loss], full[loss], rtol=0.05)
