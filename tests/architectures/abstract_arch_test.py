"""How architectures are found, and what is refused before anything trains."""

import pathlib
import sys

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
from compare_gan.layers import batch_norm
import gin
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")


@pytest.fixture(autouse=True)
def _no_allocation():
  with scope.building(allocate=False):
    yield


def test_names_are_the_files_of_the_package():
  folder = pathlib.Path(abstract_arch.__file__).parent
  files = {path.stem for path in folder.glob("*.py")}
  files -= {"__init__", "abstract_arch", "by_name"}
  files -= {"outputs", "reference_batch"}
  assert abstract_arch.names() == sorted(f"{file}_arch" for file in files)
  assert {"dcgan_arch", "resnet_biggan_arch"} <= set(abstract_arch.names())


def test_unknown_name_lists_what_would_do():
  with pytest.raises(ValueError, match="resnet_arch.*dcgan_arch.*dotted path"):
    abstract_arch.load_architecture("resnet_arch", "Generator")


def test_unknown_module_is_named():
  with pytest.raises(ValueError, match="'no_such.module' is neither"):
    abstract_arch.load_architecture("no_such.module", "Generator")


def test_missing_class_is_named():
  with pytest.raises(ValueError, match="'infogan_arch' has no class Encoder"):
    abstract_arch.load_architecture("infogan_arch", "Encoder")


def test_error_inside_own_module_is_not_hidden(tmp_path, monkeypatch):
  (tmp_path / "broken_arch_module.py").write_text("import no_such_dependency")
  monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
  with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
    abstract_arch.load_architecture("broken_arch_module", "Generator")


def test_own_module_on_the_path_is_found(tmp_path, monkeypatch):
  source = "from compare_gan.architectures.dcgan import *"
  (tmp_path / "own_arch_module.py").write_text(source)
  monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
  g = abstract_arch.make_generator("own_arch_module", 8, (32, 32, 3))
  assert g.variables[0].name == "generator/g_fc1/kernel"


# ---- Sizes -------------------------------------------------------------------


@pytest.mark.parametrize(
  "name,shape,would_do",
  [
    ("infogan_arch", (30, 30, 1), "multiples of 4"),
    ("resnet5_arch", (48, 48, 3), "4, 8, 16, 32, 64, 128"),
    ("resnet30_arch", (64, 64, 3), "squares of 128 pixels"),
    ("resnet_cifar_arch", (64, 64, 3), "squares of 32 pixels"),
    ("resnet_stl_arch", (32, 32, 3), "squares of 48 pixels"),
    ("resnet_biggan_arch", (48, 48, 3), "32, 64, 128, 256, 512"),
    ("resnet_biggan_arch", (64, 32, 3), "32, 64, 128, 256, 512"),
    ("resnet_biggan_deep_arch", (16, 16, 3), "32, 64, 128, 256, 512"),
  ],
)
def test_image_size_is_refused(name, shape, would_do):
  pixels = f"{shape[0]}x{shape[1]} pixels"
  for make in (
    lambda: abstract_arch.make_generator(name, 120, shape, 10),
    lambda: abstract_arch.make_discriminator(name, shape, 10),
  ):
    with pytest.raises(ValueError, match=f"{pixels}.*{would_do}.*dataset.name"):
      make()


def test_any_size_builds_where_halves_are_rounded_up():
  for name in ("dcgan_arch", "sndcgan_arch"):
    g = abstract_arch.make_generator(name, 8, (27, 45, 2))
    assert g.image_shape == (27, 45, 2)
    abstract_arch.make_discriminator(name, (27, 45, 2))


def test_z_dim_must_be_positive():
  with pytest.raises(ValueError, match="z_dim = 0.*options.z_dim"):
    abstract_arch.make_generator("dcgan_arch", 0, (32, 32, 3))


@pytest.mark.parametrize("classes", [-1, 2.5, None])
def test_class_count_must_be_one(classes):
  for make in (
    lambda: abstract_arch.make_generator("dcgan_arch", 8, (32, 32, 3), classes),
    lambda: abstract_arch.make_discriminator(
      "dcgan_arch", (32, 32, 3), classes
    ),
  ):
    with pytest.raises(ValueError, match=f"num_classes = {classes}.*dataset"):
      make()


def test_image_shape_has_three_sizes():
  with pytest.raises(ValueError, match=r"shape \[32, 32\].*colors"):
    abstract_arch.make_discriminator("dcgan_arch", (32, 32))


@pytest.mark.parametrize(
  "name,size,z_dim,chunks",
  [
    ("resnet_biggan", 32, 122, 4),
    ("resnet_biggan", 128, 128, 6),
    ("resnet_cifar", 32, 126, 4),
  ],
)
def test_hierarchical_z_must_be_divisible(name, size, z_dim, chunks):
  gin.bind_parameter(f"{name}.Generator.hierarchical_z", True)
  with pytest.raises(
    ValueError, match=f"z_dim = {z_dim}.*multiple of {chunks}"
  ):
    abstract_arch.make_generator(f"{name}_arch", z_dim, (size, size, 3), 10)


# ---- Options without a place -------------------------------------------------


@pytest.mark.parametrize(
  "name,binding",
  [
    ("dcgan_arch", "G.spectral_norm = True"),
    ("dcgan_arch", "G.weight_norm = True"),
    ("dcgan_arch", "G.upsampling = 'nearest'"),
    ("dcgan_arch", "D.layer_norm = True"),
    ("infogan_arch", "G.spectral_norm = True"),
    ("infogan_arch", "D.layer_norm = True"),
    ("sndcgan_arch", "G.spectral_norm = True"),
    ("sndcgan_arch", "D.layer_norm = True"),
    ("sndcgan_arch", "D.batch_norm_fn = @batch_norm"),
    ("resnet_biggan_deep_arch", "D.layer_norm = True"),
  ],
)
def test_option_without_a_place_is_refused(name, binding):
  gin.parse_config(binding)
  key = binding.split(" ")[0]
  with pytest.raises(ValueError, match=f"does not support {key} = .*{key}"):
    abstract_arch.make_generator(name, 120, (32, 32, 3))
    abstract_arch.make_discriminator(name, (32, 32, 3), 10)


def test_infogan_refuses_another_normalizer():
  gin.bind_parameter("G.batch_norm_fn", batch_norm.SelfModulatedBatchNorm)
  with pytest.raises(ValueError, match="always has plain batch norm"):
    abstract_arch.make_generator("infogan_arch", 8, (32, 32, 3))


def test_two_norms_of_the_weights_are_refused():
  gin.parse_config(["D.spectral_norm = True", "D.weight_norm = True"])
  with pytest.raises(ValueError, match="D.spectral_norm and D.weight_norm"):
    abstract_arch.make_discriminator("dcgan_arch", (32, 32, 3))


def test_pixels_are_made_by_known_functions_only():
  x = tf.constant([-100.0, 0.0, 100.0])
  for name in ("sigmoid", "tanh"):
    assert abstract_arch.image_range(x, name).numpy().tolist() == [0, 0.5, 1]
  with pytest.raises(ValueError, match="activation = 'tahn'"):
    abstract_arch.image_range(x, "tahn")


def test_unknown_upsampling_is_refused():
  gin.bind_parameter("G.upsampling", "bicubic")
  with pytest.raises(ValueError, match="'bicubic'.*'nearest'"):
    abstract_arch.make_generator("resnet_cifar_arch", 8, (32, 32, 3))


def test_self_modulation_in_a_discriminator_is_refused():
  gin.bind_parameter("D.batch_norm_fn", batch_norm.SelfModulatedBatchNorm)
  with pytest.raises(ValueError, match="discriminators do not get"):
    abstract_arch.make_discriminator("dcgan_arch", (32, 32, 3))


def test_conditional_norm_without_labels_is_refused():
  gin.bind_parameter("G.batch_norm_fn", batch_norm.ConditionalBatchNorm)
  with pytest.raises(ValueError, match="ModularGAN.conditional = True"):
    abstract_arch.make_generator("dcgan_arch", 8, (32, 32, 3), num_classes=0)


def test_projection_without_labels_is_refused():
  with pytest.raises(ValueError, match="project_y = True.*no labels"):
    abstract_arch.make_discriminator("resnet_biggan_arch", (32, 32, 3))


def test_sndcgan_projects_labels_on_request():
  gin.bind_parameter("sndcgan.Discriminator.ch", 1)
  images, classes = tf.ones([2, 8, 8, 3]), tf.eye(2)

  def scores(project_y):
    gin.bind_parameter("sndcgan.Discriminator.project_y", project_y)
    with scope.building(seed=1, allocate=True):
      d = abstract_arch.make_discriminator("sndcgan_arch", (8, 8, 3), 2)
    return d(images, classes, is_training=True).logits.numpy()

  first, second = scores(False)
  assert first == second
  first, second = scores(True)
  assert first != second


def test_misspelt_binding_is_refused():
  gin.bind_parameter("dcgan.Generator.ch", 4)
  with pytest.raises(ValueError, match="chanels"):
    gin.bind_parameter("dcgan.Generator.chanels", 4)


# ---- Choices by gin ----------------------------------------------------------


def _names(network):
  return [variable.name for variable in network.variables]


def test_weight_norm_is_a_switch():
  gin.bind_parameter("D.weight_norm", True)
  names = _names(abstract_arch.make_discriminator("dcgan_arch", (32, 32, 3)))
  assert names[:3] == [
    "discriminator/d_conv1/V",
    "discriminator/d_conv1/g",
    "discriminator/d_conv1/bias",
  ]


def test_layer_norm_stands_after_batch_norm():
  gin.parse_config(["D.layer_norm = True", "D.batch_norm_fn = @batch_norm"])
  d = abstract_arch.make_discriminator("resnet_cifar_arch", (32, 32, 3))
  block = [name.split("/")[2] for name in _names(d) if "/B1/" in name]
  order = list(dict.fromkeys(block))
  assert order == [
    "down_conv_shortcut",
    "bn1",
    "ln1",
    "same_conv1",
    "bn2",
    "ln2",
    "down_conv2",
  ]


class DoubleNorm(batch_norm.NoBatchNorm):
  """A normaliser of one's own: y = 2 x."""

  def __call__(self, x, z, y, is_training):
    return 2.0 * x


def test_own_normalizer():
  gin.bind_parameter("G.batch_norm_fn", DoubleNorm)
  with scope.building(allocate=True, seed=1):
    g = abstract_arch.make_generator("dcgan_arch", 4, (16, 16, 1))
  bn, _ = g.stages[0]
  x = tf.ones([1, 2, 2, 3])
  assert float(tf.reduce_sum(bn(x, None, None, True))) == 2 * 12


def test_initializer_reaches_every_kernel():
  """Orthogonal: W^T W or W W^T is the identity, embeddings of D excepted."""
  gin.parse_config(
    """
    weights.initializer = "orthogonal"
    G.batch_norm_fn = @conditional_batch_norm
    G.spectral_norm = True
    D.spectral_norm = True
    resnet_biggan.Generator.ch = 8
    resnet_biggan.Discriminator.ch = 8
    """
  )
  with scope.building(allocate=True, seed=1):
    g = abstract_arch.make_generator("resnet_biggan_arch", 120, (64, 64, 3), 4)
    d = abstract_arch.make_discriminator("resnet_biggan_arch", (64, 64, 3), 4)
  kernels = [
    v
    for v in g.trainable_variables + d.trainable_variables
    if v.name.endswith("/kernel:0")
  ]
  assert len(kernels) > 40
  for kernel in kernels:
    w = tf.reshape(kernel, [-1, kernel.shape[-1]])
    short = w if w.shape[0] >= w.shape[1] else tf.transpose(w)
    gram = tf.matmul(short, short, transpose_a=True)
    error = float(tf.reduce_max(tf.abs(gram - tf.eye(gram.shape[0]))))
    is_orthogonal = error < 1e-4
    assert is_orthogonal == ("embedding_fc" not in kernel.name), kernel.name


@pytest.mark.parametrize(
  "name, lines, alone",
  [
    ("dcgan_arch", "", True),
    ("dcgan_arch", "D.spectral_norm = True", True),
    ("dcgan_arch", "D.batch_norm_fn = @batch_norm", False),
    ("dcgan_arch", "D.batch_norm_fn = @virtual_batch_norm", False),
    ("resnet_cifar_arch", "D.layer_norm = True", True),
    ("stylegan2_arch", "", False),  # minibatch deviation
    ("tests.architectures.own_architecture", "", False),  # nobody knows
  ],
)
def test_which_discriminators_score_each_image_alone(name, lines, alone):
  gin.parse_config(lines)
  d = abstract_arch.make_discriminator(name, (32, 32, 3))
  assert d.scores_alone is alone
