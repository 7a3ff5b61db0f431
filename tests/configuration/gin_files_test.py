"""Reading gin files: old ones as they are, wrong ones with a reason."""

from compare_gan.configuration import gin_files
from compare_gan.gans import options
import gin
import pytest

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


def test_a_card_that_was_meant_is_named():
  meant = "nor a card .* Did you mean biggan_shapes32.gin or .*_shapes32.gin?"
  with pytest.raises(FileNotFoundError, match=meant):
    gin_files.parse(["biggan_shapes32"])
  with pytest.raises(FileNotFoundError) as raised:
    gin_files.parse(["my_own_experiment.gin"])
  assert str(raised.value).endswith("nor a card of this name in configs/.")


@pytest.mark.parametrize(
  "content, reason",
  [
    ("options.z_dim = 3 # gr\xf6\xdfer".encode("latin-1"), "not UTF-8"),
    ("options.z_dim = 3".encode("utf-16"), "not UTF-8"),
    ("options.z_dim = 3".encode("utf-8-sig"), "byte order mark"),
  ],
)
def test_a_file_in_another_encoding_is_named(content, reason, tmp_path):
  path = tmp_path / "mine.gin"
  path.write_bytes(content)
  with pytest.raises(ValueError, match=f"mine.gin .*{reason}.* Save it as UTF"):
    gin_files.parse([str(path)])


def test_a_path_may_begin_with_the_home_directory(monkeypatch):
  monkeypatch.setenv("HOME", "/home/me")
  gin_files.parse(
    bindings=[
      "folder.path = '~/photos'",
      "EVAL = '~/more'",
      "folder.eval_path = %EVAL",
      "loss_scale.initial = 1.0",
    ]
  )
  assert gin.query_parameter("folder.path") == "/home/me/photos"
  assert gin.query_parameter("folder.eval_path") == "/home/me/more"


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
