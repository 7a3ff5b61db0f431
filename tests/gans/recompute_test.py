"""options.recompute: the same step as without it, in less memory."""

from compare_gan.context import replica
from compare_gan.gans import optimizers
from compare_gan.layers import batch_norm
from compare_gan.memory import memory_check
from compare_gan.memory import step_memory
from compare_gan.storage.model_dir import DatasetShape
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

_DATASET = DatasetShape((32, 32, 3), 3)
_WIDTHS = {"biggan": 8, "resnet_biggan": 8, "resnet_biggan_deep": 8}


def _gan(architecture="resnet_biggan", ch=None, dataset=_DATASET, **chosen):
  ch = ch or _WIDTHS[architecture]
  gin.bind_parameter(f"{architecture}.Generator.ch", ch)
  gin.bind_parameter(f"{architecture}.Discriminator.ch", ch)
  gin.bind_parameter("G.spectral_norm", True)
  gin.bind_parameter("D.spectral_norm", True)
  gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  gin.bind_parameter("ModularGAN.conditional", True)
  gin.bind_parameter(
    "ModularGAN.g_optimizer_fn", optimizers.GradientDescentOptimizer
  )
  gin.bind_parameter("ModularGAN.g_lr", 0.01)
  gin.bind_parameter("weights.initializer", "orthogonal")
  gan = tiny.gan(
    architecture=f"{architecture}_arch", dataset=dataset, z_dim=8, **chosen
  )
  for variable in gan.variables:
    if variable.name.endswith("sigma:0"):  # As it starts, attention is none.
      variable.assign(0.5)
  return gan


def _after_a_step(**chosen):
  """Returns all variables and scalars after a step."""
  gan = _gan(**chosen)
  batches = tiny.batches(gan.batches_per_step, gan_dataset(gan), size=2)
  scalars = tf.function(gan.train_step, autograph=False)(batches)
  return {**tiny.values(gan), **{k: v.numpy() for k, v in scalars.items()}}


def gan_dataset(gan):
  return DatasetShape(gan.image_shape, gan.num_classes)


def _assert_same(one, other):
  assert one.keys() == other.keys()
  for name, value in one.items():
    np.testing.assert_allclose(
      value, other[name], rtol=1e-5, atol=1e-5, err_msg=name
    )


_SLOW = pytest.mark.slow


@pytest.mark.long
@pytest.mark.parametrize(
  "architecture",
  [
    "resnet_biggan",
    pytest.param("biggan", marks=_SLOW),
    pytest.param("resnet_biggan_deep", marks=_SLOW),
  ],
)
def test_a_step_is_the_same(architecture):
  plain = _after_a_step(architecture=architecture)
  again = _after_a_step(architecture=architecture, recompute=True)
  _assert_same(plain, again)
  start = tiny.values(_gan(architecture))
  moved = [n for n in start if (start[n] != plain[n]).any()]
  assert len(moved) > 0.9 * len(start)


@_SLOW
def test_a_step_with_chunked_attention_is_the_same():
  plain = _after_a_step()
  gin.bind_parameter("non_local_block.query_chunk", 100)
  _assert_same(plain, _after_a_step(recompute=True))


@_SLOW
def test_in_micro_batches():
  _assert_same(
    _after_a_step(batch_size=2, micro_batches=2),
    _after_a_step(batch_size=2, micro_batches=2, recompute=True),
  )


@_SLOW
def test_with_a_gradient_penalty():
  gin.bind_parameter("penalty.fn", gin.get_configurable("wgangp_penalty"))
  _assert_same(_after_a_step(), _after_a_step(recompute=True))


def test_an_architecture_without_stages_is_refused():
  gan = tiny.gan(recompute=True)
  with pytest.raises(ValueError, match="options.recompute = True.*no residual"):
    gan.train_step(tiny.batches(1))


@pytest.mark.slow
@pytest.mark.parametrize(
  "architecture", ["resnet_biggan", pytest.param("biggan", marks=_SLOW)]
)
def test_it_needs_less_memory(architecture):
  def estimate(**chosen):
    gan = _gan(architecture, batch_size=16, **chosen)
    return step_memory.step_bytes(gan.train_step, memory_check.specs(gan))

  plain = estimate()
  assert estimate(recompute=True) < 0.7 * plain
  assert estimate(micro_batches=4) < 0.7 * plain
  assert estimate(recompute=True, micro_batches=4) < 0.35 * plain


class _Two(replica.Replicas):
  def num_replicas(self):
    return 2


def test_several_replicas_are_refused():
  gan = tiny.gan(recompute=True)
  with replica.running(_Two()):
    with pytest.raises(ValueError, match="recompute = True with 2 replicas"):
      gan.train_step(tiny.batches(1))
