"""Every preset in configs/regularisers/ trains: one finite step over a card.

That each can be laid over a card at full size is tested in configs_test.py.
"""

import itertools
import re

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from compare_gan.configuration import kinds
from compare_gan.configuration import unread as unread_lib
from compare_gan.context import scope
from compare_gan.gans import term
from compare_gan.storage import model_dir
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import configs_test
from tests.gans import tiny

pytestmark = pytest.mark.versions("TensorFlow traces a step with each preset")

_PRESETS = {path.stem: path for path in configs_test._PRESETS}
# What has no place in the smallest networks is laid over a card of its own.
_NORMALISERS = {
  "equalized_lr": "resnet_shapes32.gin",
  "forced_weight_norm": "resnet_shapes32.gin",
  "group_norm": "dcgan_shapes32.gin",
  "instance_norm": "dcgan_shapes32.gin",
  "layer_norm": "resnet_shapes32.gin",
  "virtual_batch_norm": "dcgan_shapes32.gin",
}
_SMALLEST = f"""
options.architecture = "{tiny.ARCHITECTURE}"
options.gan_class = @ModularGAN
options.lamba = 1
options.training_steps = 1
"""
_SMALL = """
options.batch_size = 4
options.z_dim = 2
dcgan.Generator.ch = 2
dcgan.Discriminator.ch = 2
resnet_cifar.Generator.ch = 2
resnet_cifar.Discriminator.ch = 2
group_norm.groups = 2
virtual_batch_norm.reference_size = 2
"""
# A step of which is traced faster.
_SHORT = """
options.disc_iters = 1
options.gen_iters = 1
penalty.fn = @no_penalty
"""
# They say to a BigGAN that its head takes the place of a projection.
_OF_ONE_NETWORK = "resnet_biggan."


def _make_gan(name, folder):
  """Returns a small GAN with a preset, and the dataset's shape."""
  smallest, small = folder / "card.gin", folder / "small.gin"
  smallest.write_text(_SMALLEST)
  small.write_text(_SMALL + _SHORT * (name in _NORMALISERS))
  card = _NORMALISERS.get(name, str(smallest))
  gin_files.parse([card, f"regularisers/{name}.gin", str(small)])
  side = 32 if name in _NORMALISERS else 8
  shape = model_dir.DatasetShape((side, side, 3), 3)
  with scope.building(seed=1):
    return model_dir.make_gan(shape), shape


@pytest.mark.long
@pytest.mark.parametrize("name", _PRESETS)
def test_a_preset_makes_a_finite_step_of_all_that_it_binds(name, tmp_path):
  gan, shape = _make_gan(name, tmp_path)
  before = tiny.values(gan.discriminator)
  step = tf.function(gan.train_step, autograph=False)
  scalars = step(tiny.batches(gan.batches_per_step, shape, size=4))
  after = tiny.values(gan.discriminator)
  assert all(np.all(np.isfinite(x)) for x in [*scalars.values()])
  assert all(np.all(np.isfinite(x)) for x in [*after.values()])
  assert any(np.any(after[n] != before[n]) for n in before)
  mine, _ = gin_text.read(_PRESETS[name].read_text())
  unread = set(unread_lib.names(batches_are_made=False)) & set(mine)
  assert not {n for n in unread if not n.startswith(_OF_ONE_NETWORK)}


def _terms(*texts):
  """Returns the names of the terms of D and of G that texts add."""
  gin.clear_config()
  gin.parse_config("\n".join(texts))
  return {(side, x.name) for side in "DG" for x in term.added_to(side)}


def test_terms_of_any_two_presets_add_up():
  texts = {name: path.read_text() for name, path in _PRESETS.items()}
  alone = {name: _terms(text) for name, text in texts.items()}
  with_terms = [name for name, found in alone.items() if found]
  assert len(with_terms) > 20
  for first, second in itertools.permutations(with_terms, 2):
    both = _terms(texts[first], texts[second])
    assert both == alone[first] | alone[second], (first, second)


def test_no_preset_lists_terms():
  listing = [n for n, p in _PRESETS.items() if "penalty.terms" in p.read_text()]
  assert listing == []


# Names that no preset stands for: a newer form of it is in one, it belongs to
# one GAN, or it is what a card has anyway.
_WITHOUT = {
  "heads": set(),
  "kernels": {"@spectral_norm"},  # D.spectral_norm = True
  "losses": {"@logistic"},
  "norms": {"@batch_norm", "@no_batch_norm", "@self_modulated_batch_norm"},
  "penalties": {
    "@cycle_consistency",
    "@joint_r1_penalty",
    "@lecam_penalty",
    "@r1_penalty",
    "@r2",
    "@r2_penalty",
    "@wgangp_penalty",
  },
}


@pytest.mark.parametrize("kind", _WITHOUT)
def test_each_name_that_can_be_chosen_is_in_a_preset(kind):
  lines = "".join(path.read_text() for path in _PRESETS.values())
  missing = {
    entry.name
    for entry in kinds.kinds()[kind].entries()
    if entry.source.startswith("compare_gan")
    and "tfgan" not in entry.source
    and not re.search(rf"= @(\w+/)?{entry.name[1:]}$", lines, re.MULTILINE)
  }
  assert missing == _WITHOUT[kind]
