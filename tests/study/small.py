"""A small study, and the gin file that its runs begin with."""

BASE = """
dataset.name = "ring8"
options.architecture = "tests.architectures.own_architecture"
options.gan_class = @ModularGAN
options.batch_size = 2
options.training_steps = 1
options.z_dim = 2
penalty.fn = @no_penalty
"""

STUDY = """
study.base = "base.gin"
study.axes = {
  "penalty": {
    "none": ["penalty.fn = @no_penalty"],
    "gp": ["penalty.fn = @wgangp_penalty"],
    "l2": ["penalty.fn = @l2_penalty"],
  },
  "norm": {
    "none": [],
    "sn": ["D.spectral_norm = True"],
    "ln": ["D.layer_norm = True"],
  },
}
"""
