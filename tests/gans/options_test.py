"""The choices of an experiment, and wrong ones."""

from compare_gan.gans import options
import gin
import pytest

_REQUIRED = """
options.batch_size = 64
options.gan_class = @ModularGAN
options.architecture = "dcgan_arch"
options.training_steps = 10
"""


def test_defaults():
  gin.parse_config(_REQUIRED)
  chosen = options.options()
  assert (chosen.z_dim, chosen.disc_iters, chosen.lamba) == (128, 1, 1)
  assert chosen.encoder_architecture is None


def test_required_options_are_named():
  with pytest.raises(RuntimeError, match="batch_size"):
    options.options()


@pytest.mark.parametrize("name", ["batch_size", "disc_iters", "z_dim"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "'64'"])
def test_sizes_are_positive_ints(name, value):
  gin.parse_config(_REQUIRED + f"options.{name} = {value}")
  with pytest.raises(ValueError, match=f"options.{name} = {value}"):
    options.options()


def test_option_that_never_acted_is_named():
  gin.parse_config(_REQUIRED + "options.discriminator_normalization = 'bn'")
  with pytest.warns(UserWarning, match="has no effect"):
    options.options()
