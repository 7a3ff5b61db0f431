"""GANs of which some networks have no weights."""

from compare_gan.context import scope
from compare_gan.storage import parts
import gin
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.Module keeps what is assigned to it")


def _gan(cls="BigBiGAN", ema=True):
  gin.parse_config(f"ModularGAN.g_use_ema = {ema}")
  return tiny.gan(cls)


def _tensors(gan, held):
  names = set().union(*(parts.of(gan)[part] for part in held))
  return {n: 0 for n in names}


def test_the_parts_are_all_variables_but_those_of_training():
  gan = _gan()
  found = parts.of(gan)
  assert set(found) == set(parts.ALL)
  together = set().union(*found.values())
  rest = {scope.full_name(v) for v in gan.variables} - together
  assert rest and all(
    "_opt" in name or name.startswith("global_step") for name in rest
  )
  assert sum(map(len, found.values())) == len(together)


def test_without_an_average_there_are_no_raw_weights():
  assert set(parts.of(_gan("ModularGAN", ema=False))) == {
    parts.GENERATOR,
    parts.DISCRIMINATOR,
  }


def test_what_is_written_is_read(tmp_path):
  assert parts.read(str(tmp_path)) is None
  parts.write(str(tmp_path), [parts.GENERATOR, parts.ENCODER])
  assert parts.read(str(tmp_path)) == [parts.GENERATOR, parts.ENCODER]


def test_an_encoder_without_weights():
  gan = _gan()
  held = [parts.GENERATOR]
  parts.refuse_missing(gan, held, _tensors(gan, held), "x")
  with pytest.raises(ValueError, match="encoder .*--with_encoder"):
    gan.encode(tf.zeros([1, 4, 4, 1]))
  assert gan.generate(tf.zeros([1, tiny.Z_DIM])).shape == (1, 4, 4, 1)


def test_an_encoder_with_its_average_alone():
  gan = _gan()
  held = [parts.GENERATOR, parts.ENCODER]
  parts.refuse_missing(gan, held, _tensors(gan, held), "x")
  images = tf.zeros([1, 4, 4, 1])
  assert gan.encode(images).mean.shape == (1, tiny.Z_DIM)
  for refused in (
    lambda: gan.encode(images, False),
    lambda: gan.encode(images, averaged=False),
  ):
    with pytest.raises(ValueError, match="raw weights"):
      refused()


def test_a_variable_of_a_part_that_is_held():
  gan = _gan()
  tensors = _tensors(gan, [parts.GENERATOR])
  gone = tensors.popitem()[0]
  with pytest.raises(ValueError, match=f"generator in x has no {gone}"):
    parts.refuse_missing(gan, [parts.GENERATOR], tensors, "x")
