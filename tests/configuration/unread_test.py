"""Bindings that a training does not use are named, each with its reason."""

from compare_gan.configuration import unread
from compare_gan.memory import memory_check
from compare_gan.storage import model_dir
import gin
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's names move")

_TINY = f"""
import tests.architectures.own_architecture
options.architecture = "{tiny.ARCHITECTURE}"
options.batch_size = 2
options.gan_class = @ModularGAN
options.training_steps = 99999
options.z_dim = {tiny.Z_DIM}
"""


def _unread(*bindings):
  """Returns the bindings that a tiny GAN and its step do not read."""
  gin.parse_config([_TINY, *bindings])
  memory_check.report(model_dir.make_gan(tiny.DATASET))  # traces a step
  return unread.names(batches_are_made=False)


@pytest.mark.parametrize(
  "binding,reason",
  [
    ("resnet_cifar.Generator.ch = 8", "options.architecture is 'tests."),
    ("ModularGAN.ema_decay = 0.9", "ModularGAN.g_use_ema is False"),
    (
      "AdamOptimizer.learning_rate = 0.1",
      "ModularGAN.g_lr and ModularGAN.d_lr set it",
    ),
    (
      "MomentumOptimizer.momentum = 0.1",
      "ModularGAN.g_optimizer_fn is @AdamOptimizer",
    ),
    ("FtrlOptimizer.beta = 0.1", "ModularGAN.g_optimizer_fn is @AdamOptimizer"),
    ("AdamWOptimizer.weight_decay = 0.1", "g_optimizer_fn is @AdamOptimizer"),
    ("orthogonal_penalty.factor = 0.5", "penalty.fn is @no_penalty"),
    ("S3GAN.project_y = True", "options.gan_class is @ModularGAN"),
    ("D.spectral_norm = True", None),
    ("options.lamba = 3", "penalty.fn is @no_penalty"),
    ("g/G.spectral_norm = True", "nothing runs @G in the scope 'g'"),
    ("spectral_norm.epsilon = 1.0", "nothing calls @spectral_norm"),
    ("standardize_batch.decay = 0.9", "nothing calls @standardize_batch"),
    ("z.stddev = 2.0", "@uniform has no stddev"),
    ("z.maxval = 2.0", None),
    ("eval_z.stddev = 2.0", "@uniform has no stddev"),
    ("g_penalty.weight = 0.1", "g_penalty.fn is None"),
    ("ModularGAN.fit_label_distribution = True", "conditional is False"),
    ("other = 3", "no binding refers to this macro"),
  ],
)
def test_bindings_that_nothing_reads(binding, reason):
  found = _unread(binding)
  if reason is None:
    assert found == {}
  else:
    name = binding.split(" = ")[0]
    assert list(found) == [name]
    assert reason in found[name]


@pytest.mark.parametrize(
  "bindings",
  [
    ["evaluate.num_fake = 10", "fid_infinity.points = 3"],
    ["evaluate.features = @inception", "inception.path = 'x'"],
    ["classifier.steps = 3", "eval_z.minval = 0.0"],
    ["card_log.style = 'sndcgan'"],
    # A metric's classifier, of any module.
    [
      "classification_accuracy_score.train = @own/polynomial_decay",
      "own/polynomial_decay.decay_steps = 3",
    ],
    ["evaluate.num_real = %count", "count = 3"],
    ["loss.fn = @hinge", "ModularGAN.g_lr = %rate", "rate = 0.1"],
    ["penalty.fn = @p/orthogonal_penalty", "p/orthogonal_penalty.factor = 0.5"],
    [
      "z.distribution_fn = @tf.random.normal",
      "tf.random.normal.stddev = 0.5",
    ],
    [
      "ModularGAN.g_lr = @tf.train.exponential_decay()",
      "tf.train.exponential_decay.learning_rate = 0.1",
      "tf.train.exponential_decay.decay_steps = 10",
      "tf.train.exponential_decay.decay_rate = 0.9",
    ],
    ["ModularGAN.g_use_ema = True", "ModularGAN.ema_decay = 0.9"],
  ],
  ids=lambda bindings: bindings[0],
)
def test_bindings_that_are_read_now_or_later(bindings):
  assert _unread(*bindings) == {}


def test_bigbigan_looks_at_the_loss_without_a_call():
  found = _unread("loss.fn = @hinge", "options.gan_class = @BigBiGAN")
  assert found == {}


def test_an_operative_config_has_nothing_unread():
  """Defaults that a training used and wrote down are no mistake of a user."""
  _unread("ModularGAN.g_lr = 0.1")
  text = gin.operative_config_str()
  assert "ema_decay" in text and "options.lamba" in text
  gin.clear_config()
  assert _unread(text) == {}


def test_unread_bindings_are_one_block():
  _unread("S3GAN.project_y = True", "other = 3")
  assert unread.in_words() == (
    "Bindings that nothing reads:\n"
    "  S3GAN.project_y: options.gan_class is @ModularGAN\n"
    "  other: no binding refers to this macro"
  )
  gin.clear_config()
  assert unread.in_words() == ""
