"""ADA's gates and draws; what is made of them is checked beside each group."""

from compare_gan.context import draws
from compare_gan.gans.augmentation import ada
from compare_gan.gans.micro_batches import Rows
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("stateless random ops draw it")

_N = 2000


def _draw(p=1.0, shape=(_N, 24, 32, 3), **chosen):
  with draws.seeded([1, 2]):
    is_changed, parameters = ada.Ada(**chosen).draw(list(shape), Rows(), p)
  return is_changed, {k: v.numpy() for k, v in parameters.items()}


@pytest.mark.parametrize(
  "preset,names",
  [
    ("blit", {"xflip", "rotate90", "xint"}),
    ("geom", {"scale", "rotate_pre", "aniso", "rotate_post", "xfrac"}),
    ("color", {"brightness", "contrast", "lumaflip", "hue", "saturation"}),
    ("filter", {"band_gain"}),
    ("noise", {"noise_sigma", "noise"}),
    ("cutout", {"cutout_size", "cutout_centre"}),
  ],
)
def test_preset_draws_its_group_and_no_more(preset, names):
  assert set(_draw(shape=(2, 24, 24, 3), preset=preset)[1]) == names


def test_letters_are_groups_and_a_second_c_is_cutout():
  drawn = set(_draw(shape=(2, 24, 24, 3), preset="bgcfnc")[1])
  assert len(drawn) == 13 + 1 + 2 + 2  # bands, noise and cutout in one or two
  assert ada.PRESETS["bgc"] == (
    ada.PRESETS["blit"] + ada.PRESETS["geom"] + ada.PRESETS["color"]
  )


def test_a_multiplier_of_0_leaves_a_transformation_out_and_another_adds_one():
  drawn = _draw(shape=(2, 24, 24, 3), preset="blit", xint=0, noise=0.5)[1]
  assert set(drawn) == {"xflip", "rotate90", "noise_sigma", "noise"}


def test_gates_open_as_often_as_p_times_the_multiplier():
  _, drawn = _draw(0.5, preset="bgc", brightness=0.5)
  assert abs((drawn["scale"] != 1).mean() - 0.5) < 0.04
  assert abs((drawn["brightness"] != 0).mean() - 0.25) < 0.04
  turned = [drawn[f"rotate_{part}"] != 0 for part in ("pre", "post")]
  assert abs(turned[0].mean() - 0.2928932) < 0.04
  assert abs((turned[0] | turned[1]).mean() - 0.5) < 0.04


def test_open_values_have_the_papers_spread():
  _, drawn = _draw(preset="bgcfnc")
  spreads = {
    "scale": (np.log2, 0.2),
    "aniso": (np.log2, 0.2),
    "brightness": (np.asarray, 0.2),
    "contrast": (np.log2, 0.5),
    "saturation": (np.log2, 1.0),
    "band_gain": (np.log2, 1.0),
  }
  for name, (scale, spread) in spreads.items():
    assert abs(scale(drawn[name]).std() / spread - 1) < 0.06, name
  moves = drawn["xfrac"].std(axis=0)  # of 32 wide and 24 high images
  np.testing.assert_allclose(moves, [4.0, 3.0], rtol=0.06)
  np.testing.assert_array_equal(np.abs(drawn["xint"]).max(axis=0), [4, 3])
  assert (drawn["xint"] == np.round(drawn["xint"])).all()
  assert set(drawn["rotate90"]) == {0, 1, 2, 3} and set(drawn["xflip"]) == {
    0,
    1,
  }
  for name in ("rotate_pre", "rotate_post", "hue"):
    assert 3.1 < np.abs(drawn[name]).max() < 3.1416
  assert drawn["noise_sigma"].min() >= 0
  assert abs(np.sqrt((drawn["noise_sigma"] ** 2).mean()) - 0.1) < 0.006
  assert (drawn["cutout_size"] == 0.5).all()


def test_p_0_opens_no_gate_and_p_1_all():
  assert not _draw(0.0)[0].numpy().any()
  is_changed, drawn = _draw(1.0)
  assert is_changed.shape == [_N, 1, 1, 1] and is_changed.numpy().all()
  assert (drawn["contrast"] != 1).all()


def test_a_transformation_draws_the_same_whatever_others_there_are():
  alone = _draw(0.5, preset="blit")[1]
  with_others = _draw(0.5, preset="bgcfnc")[1]
  for name, values in alone.items():
    np.testing.assert_array_equal(values, with_others[name])


def test_grey_images_have_no_hue():
  drawn = _draw(shape=(2, 8, 8, 1))[1]
  assert "brightness" in drawn and not {"hue", "saturation"} & set(drawn)


def test_four_channels_have_no_colours():
  with pytest.raises(ValueError, match="1 or 3 channels, but they have 4"):
    _draw(shape=(2, 8, 8, 4))
  assert "xflip" in _draw(shape=(2, 8, 8, 4), preset="bg")[1]


def test_filter_refuses_small_images_when_it_draws():
  with pytest.raises(ValueError, match="at least 22 x 22 pixels"):
    _draw(shape=(2, 8, 8, 3), preset="bgcf")


@pytest.mark.parametrize(
  "chosen,message",
  [
    ({"preset": "bcg"}, "ada.preset = 'bcg' is unknown.*bgcfnc"),
    ({"resample": "cubic"}, "ada.resample = 'cubic'.*bilinear, sym6"),
    ({"hue": 1.5}, "ada.hue = 1.5. It must be a number from 0 to 1"),
    ({"scale_std": -1}, "ada.scale_std = -1"),
    ({"filter_bands": (1, 1)}, "ada.filter_bands = .1, 1.*4 bands"),
  ],
)
def test_senseless_settings_are_refused(chosen, message):
  with pytest.raises(ValueError, match=message):
    ada.Ada(**chosen)


def test_half_precision_images_keep_their_type():
  x = tf.zeros([2, 8, 8, 3], tf.float16)
  assert ada.Ada().apply(x, {"brightness": tf.ones([2])}).dtype == tf.float16
