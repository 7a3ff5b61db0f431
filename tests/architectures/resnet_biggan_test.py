"""What BigGAN does beyond what all architectures promise."""

import warnings

from compare_gan.architectures import abstract_arch
from compare_gan.context import scope
import gin
import pytest

pytestmark = pytest.mark.versions("TensorFlow's kernels compute networks")


@pytest.fixture(autouse=True)
def _no_allocation():
  gin.bind_parameter("resnet_biggan.Generator.ch", 8)
  gin.bind_parameter("resnet_biggan.Discriminator.ch", 8)
  with scope.building(allocate=False):
    yield


def _generator(size=128, z_dim=120, classes=10):
  shape = (size, size, 3)
  return abstract_arch.make_generator(
    "resnet_biggan_arch", z_dim, shape, classes
  )


def _discriminator(size=128, classes=10):
  shape = (size, size, 3)
  return abstract_arch.make_discriminator("resnet_biggan_arch", shape, classes)


def _shapes(network):
  return {v.name.split("/", 1)[1]: v.shape for v in network.variables}


def test_norms_see_a_chunk_of_z_and_the_shared_embedding():
  gin.parse_config("G.batch_norm_fn = @conditional_batch_norm")
  shapes = _shapes(_generator())
  # 120 / 6 chunks + 128 units of the embedding.
  assert shapes["B1/bn1/condition/gamma/kernel"] == (148, 128)
  assert shapes["fc_noise/kernel"] == (20, 4 * 4 * 128)
  assert shapes["embed_y/kernel"] == (10, 128)


def test_without_hierarchy_norms_see_all_of_z_nowhere_and_y_everywhere():
  gin.parse_config(
    """
    G.batch_norm_fn = @conditional_batch_norm
    resnet_biggan.Generator.hierarchical_z = False
    """
  )
  shapes = _shapes(_generator(z_dim=7))
  assert shapes["B1/bn1/condition/gamma/kernel"] == (128, 128)
  assert shapes["fc_noise/kernel"] == (7, 4 * 4 * 128)


def test_embeddings_and_their_bias():
  gin.parse_config(
    """
    resnet_biggan.Generator.embed_z = True
    resnet_biggan.Generator.embed_bias = True
    resnet_biggan.Generator.embed_y_dim = 5
    G.spectral_norm = True
    """
  )
  names = [v.name for v in _generator().variables]
  assert names[:5] == [
    "generator/embed_z/kernel",  # Never with a spectral norm.
    "generator/embed_z/bias",
    "generator/embed_y/kernel",
    "generator/embed_y/bias",
    "generator/fc_noise/kernel",
  ]


def test_one_hot_labels_without_embedding():
  gin.parse_config(
    """
    G.batch_norm_fn = @conditional_batch_norm
    resnet_biggan.Generator.embed_y = False
    """
  )
  assert _shapes(_generator())["B1/bn1/condition/gamma/kernel"] == (30, 128)


def test_attention_follows_its_block():
  names = [v.name for v in _generator().variables]
  attention = names.index("generator/non_local_block/conv2d_theta/kernel")
  assert names[attention - 1].startswith("generator/B4/")
  assert names[attention + 5].startswith("generator/B5/")


def test_attention_that_does_not_exist_is_warned_about_and_left_out():
  with pytest.warns(UserWarning, match="names B4.*only B1, B2, B3"):
    g = _generator(size=32)
  assert not [name for name in _shapes(g) if "non_local" in name]


def test_attention_after_blocks_of_one_width_shares_weights():
  gin.bind_parameter("resnet_biggan.Generator.blocks_with_attention", "B1,B3")
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    g = _generator(size=32)
  thetas = [name for name in _shapes(g) if "theta" in name]
  assert thetas == ["non_local_block/conv2d_theta/kernel"]


def test_attention_after_blocks_of_two_widths_is_refused():
  gin.bind_parameter("resnet_biggan.Generator.blocks_with_attention", "B3,B4")
  with pytest.raises(ValueError, match="blocks of 32 and 16 channels"):
    _generator()


def test_no_attention():
  gin.bind_parameter("resnet_biggan.Generator.blocks_with_attention", "")
  gin.bind_parameter("resnet_biggan.Discriminator.blocks_with_attention", "")
  names = [*_shapes(_generator()), *_shapes(_discriminator())]
  assert not [name for name in names if "non_local" in name]


@pytest.mark.parametrize(
  "size,without",
  [
    (32, {"B2", "B3", "B4"}),
    (64, {"B5"}),
    (128, {"B6"}),
    (256, {"B5", "B7"}),
    (512, {"B2", "B6", "B8"}),
  ],
)
def test_blocks_of_one_width_have_no_shortcut_in_the_discriminator(
  size, without
):
  names = list(_shapes(_discriminator(size)))
  blocks = {n.split("/")[0] for n in names if n.startswith("B")}
  with_shortcut = {n.split("/")[0] for n in names if "conv_shortcut" in n}
  assert blocks - with_shortcut == without


def test_shortcuts_of_the_generator_are_a_switch():
  gin.bind_parameter("BigGanResNetBlock.add_shortcut", False)
  assert not [n for n in _shapes(_generator()) if "shortcut" in n]


def test_multipliers_set_the_widths():
  gin.bind_parameter("resnet_biggan.Generator.multipliers", [4, 3, 2, 1])
  gin.bind_parameter("resnet_biggan.Generator.blocks_with_attention", "")
  kernels = [
    v.shape[2:]
    for v in _generator(32).trainable_variables
    if v.name.endswith("up_conv1/kernel")
  ]
  assert kernels == [(32, 24), (24, 16), (16, 8)]  # times ch = 8


@pytest.mark.parametrize("multipliers", [[4, 2, 1], [4, 0, 2, 1]])
def test_multipliers_that_do_not_fit_are_refused(multipliers):
  gin.bind_parameter("resnet_biggan.Discriminator.multipliers", multipliers)
  with pytest.raises(ValueError, match=r"4 positive numbers.*\.multipliers"):
    _discriminator(32)


def test_shortcuts_of_a_discriminator_whose_widths_are_equal():
  gin.parse_config(
    """
    resnet_biggan.Discriminator.halvings = 2
    resnet_biggan.Discriminator.blocks_with_attention = ""
    """
  )

  def found():
    shapes = _shapes(_discriminator(32))
    return [name for name in shapes if "shortcut/kernel" in name]

  first = "B1/down_conv_shortcut/kernel"
  assert found() == [first]
  gin.parse_config('resnet_biggan.Discriminator.shortcuts = "identity"')
  assert found() == [first, "B2/down_conv_shortcut/kernel"]


@pytest.mark.parametrize(
  "binding, words",
  [
    ("halvings = 5", "at most 4, the number of its blocks"),
    ('shortcuts = "none"', "one of original, identity, relu"),
  ],
)
def test_other_forms_of_a_discriminator_are_refused(binding, words):
  gin.parse_config(f"resnet_biggan.Discriminator.{binding}")
  with pytest.raises(ValueError, match=words):
    _discriminator(32)
