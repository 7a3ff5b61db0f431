"""Reading gin files: old ones as they are, wrong ones with a reason."""

from compare_gan.configuration import gin_files
from compare_gan.gans import options
from compare_gan.memory import memory_check
from compare_gan.storage import model_dir
import gin
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow's names move")

# Every name that the example files of google/compare_gan bind.
_OLD = """
dataset.name = "cifar10"
options.architecture = "resnet_biggan_arch"
options.batch_size = 2048
options.gan_class = @ModularGAN
options.lamba = 1
options.training_steps = 250000
options.z_dim = 120
options.disc_iters = 2
weights.initializer = "orthogonal"
spectral_norm.singular_value = "auto"
G.batch_norm_fn = @conditional_batch_norm
G.spectral_norm = True
ModularGAN.conditional = True
resnet_biggan.Generator.hierarchical_z = True
resnet_biggan.Generator.embed_y = True
standardize_batch.decay = 0.9
standardize_batch.epsilon = 1e-5
standardize_batch.use_moving_averages = False
D.spectral_norm = True
resnet_biggan.Discriminator.project_y = True
loss.fn = @hinge
penalty.fn = @no_penalty
ModularGAN.g_lr = 0.0001
ModularGAN.g_optimizer_fn = @tf.train.AdamOptimizer
ModularGAN.d_lr = 0.0005
ModularGAN.d_optimizer_fn = @tf.train.AdamOptimizer
tf.train.AdamOptimizer.beta1 = 0.0
tf.train.AdamOptimizer.beta2 = 0.999
z.distribution_fn = @tf.random.normal
eval_z.distribution_fn = @tf.random.normal
run_config.iterations_per_loop = 500
run_config.save_checkpoints_steps = 2500
"""


def test_old_file_parses(tmp_path):
  path = tmp_path / "old.gin"
  path.write_text(_OLD)
  gin_files.parse([str(path)])
  assert options.options().z_dim == 120


def test_old_module_paths_are_known():
  gin_files.parse(
    bindings=[
      "compare_gan.architectures.arch_ops.weights.initializer = 'orthogonal'",
      "arch_ops.standardize_batch.decay = 0.9",
      "abstract_arch.D.spectral_norm = True",
      "modular_gan.ModularGAN.g_lr = 0.1",
      "cross_replica_moments.parallel = False",
      "main.run_config.tf_random_seed = 1",
    ]
  )


def test_bindings_override_files(tmp_path):
  path = tmp_path / "old.gin"
  path.write_text(_OLD)
  gin_files.parse([str(path)], ["options.z_dim = 60"])
  assert options.options().z_dim == 60


def test_a_file_may_include_a_card_from_any_folder(
  tmp_path, monkeypatch, caplog
):
  monkeypatch.chdir(tmp_path)
  mine = tmp_path / "mine.gin"
  mine.write_text("include 'biggan_cifar.gin'\noptions.batch_size = 8\n")
  gin_files.parse([str(mine)])
  assert options.options().architecture == "biggan_arch"
  assert options.options().batch_size == 8
  assert not caplog.records  # gin logs an error for each folder it looks in.


def test_missing_file_is_named():
  with pytest.raises(FileNotFoundError, match="--gin_config=nowhere.gin"):
    gin_files.parse(["nowhere.gin"])


def test_unknown_name_is_refused():
  with pytest.raises(ValueError, match="'optoins'"):
    gin_files.parse(bindings=["optoins.z_dim = 60"])


def test_unknown_parameter_is_refused():
  with pytest.raises(ValueError, match="'zdim'"):
    gin_files.parse(bindings=["options.zdim = 60"])


def test_bindings_of_old_input_pipelines_are_known():
  gin_files.parse(
    bindings=[
      "train_imagenet_transform.crop_method = 'distorted'",
      "eval_imagenet_transform.crop_method = 'middle'",
      "replace_labels.file_pattern = None",
    ]
  )
  assert "crop_method = 'distorted'" in gin.config_str()


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
  return gin_files.unread(batches_are_made=False)


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
  assert gin_files.unread_in_words() == (
    "Bindings that nothing reads:\n"
    "  S3GAN.project_y: options.gan_class is @ModularGAN\n"
    "  other: no binding refers to this macro"
  )
  gin.clear_config()
  assert gin_files.unread_in_words() == ""
