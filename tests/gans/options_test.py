"""The choices of an experiment, and wrong ones."""

import dataclasses

from compare_gan.gans import options
import gin
import pytest

pytestmark = pytest.mark.versions("tf.function and tf.GradientTape make a step")

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
  assert (chosen.gen_iters, chosen.micro_batches) == (1, 1)
  assert (chosen.d_batches, chosen.init_from) == ("fresh", None)


def test_required_options_are_named():
  with pytest.raises(RuntimeError, match="batch_size"):
    options.options()


@pytest.mark.parametrize(
  "name", ["batch_size", "disc_iters", "z_dim", "gen_iters", "micro_batches"]
)
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "'64'"])
def test_sizes_are_positive_ints(name, value):
  gin.parse_config(_REQUIRED + f"options.{name} = {value}")
  with pytest.raises(ValueError, match=f"options.{name} = {value}"):
    options.options()


def test_option_that_never_acted_is_named():
  gin.parse_config(_REQUIRED + "options.discriminator_normalization = 'bn'")
  with pytest.warns(UserWarning, match="has no effect"):
    options.options()


@pytest.mark.parametrize(
  "binding,message",
  [
    ("options.micro_batches = 3", "does not divide options.batch_size = 64"),
    ("options.d_batches = 'old'", "d_batches = 'old' is unknown.*'same'"),
  ],
)
def test_what_cannot_be_is_refused(binding, message):
  gin.parse_config(_REQUIRED + binding)
  with pytest.raises(ValueError, match=message):
    options.options()


def test_every_option_arrives():
  gin.parse_config(
    _REQUIRED
    + """
    options.gen_iters = 2
    options.d_batches = "same"
    options.micro_batches = 4
    options.init_from = "there"
    options.log_gradient_norms = False
    options.recompute = True
    options.discriminator_architecture = "sndcgan_arch"
    """
  )
  chosen = options.options()
  last = dataclasses.astuple(chosen)[-7:]
  assert last == (2, "same", 4, "there", False, True, "sndcgan_arch")


def test_a_binding_gives_what_python_leaves_open():
  gin.parse_config(_REQUIRED + "options.z_dim = 3")
  assert options.Options(z_dim=5).z_dim == 5
  chosen = options.Options(disc_iters=2)
  assert (chosen.z_dim, chosen.disc_iters) == (3, 2)
  with gin.unlock_config():
    gin.bind_parameter("options.z_dim", 7)
  # A copy has the fields of the original, whatever is bound by then.
  assert dataclasses.replace(chosen, disc_iters=1).z_dim == 3


def test_options_are_not_changed_in_place():
  gin.parse_config(_REQUIRED)
  with pytest.raises(dataclasses.FrozenInstanceError):
    options.options().z_dim = 1
