"""Files of configs/regularisers that change what D sees, over a card."""

import pathlib

from compare_gan.configuration import gin_files
from compare_gan.configuration import unread
from compare_gan.gans.augmentation import Augmentation
import gin
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("gin makes it")

_CONFIGS = pathlib.Path(__file__).parents[3] / "configs"


@pytest.mark.parametrize(
  "name", ["ada", "apa", "diffaugment", "instance_noise"]
)
def test_preset_over_a_card_changes_what_d_sees(name):
  path = _CONFIGS / "regularisers" / f"{name}.gin"
  gin_files.parse([str(_CONFIGS / "sndcgan_cifar10.gin"), str(path)])
  augment = Augmentation(step=lambda: tf.constant(0), batch_size=64)
  assert not augment.is_identity
  of_the_preset = {
    line.partition(" =")[0]
    for line in path.read_text().splitlines()
    if line and line[0] not in "# "
  }
  assert of_the_preset
  assert not of_the_preset & set(unread.names(batches_are_made=False))
  gin.clear_config()
  assert Augmentation().is_identity


def test_preset_says_its_paper_and_its_cost():
  for name in ("ada", "apa", "diffaugment", "instance_noise"):
    text = (_CONFIGS / "regularisers" / f"{name}.gin").read_text()
    assert "https://arxiv.org/abs/" in text and "cost" in text.lower()
