"""Recorded cases of augmentations: {name: function(inputs, params) -> outputs}.

Inputs, params and outputs are dicts of numbers and arrays. Files that use a
name for several things tell them apart by their params.
"""

from compare_gan.gans.augmentation import ada
from compare_gan.gans.augmentation import colors
from compare_gan.gans.augmentation import diffaugment
from compare_gan.gans.augmentation import filter_bank
from compare_gan.gans.augmentation import geometry
from compare_gan.gans.augmentation import instance_noise
from compare_gan.gans.augmentation import probability
from compare_gan.gans.augmentation import pseudo_real
import numpy as np
import tensorflow as tf


def diff_augment(inputs, params):
  """Changes of DiffAugment; a change is named by its draws."""
  column = lambda name: tf.constant(params[name], tf.int32)[:, None]  # noqa: E731
  x = tf.constant(inputs["x"])
  if "brightness_u" in params:
    names = diffaugment.ColorDraws._fields
    u = [
      tf.constant(params[f"{name}_u"], tf.float32)[:, None, None, None]
      for name in names
    ]
    x = diffaugment.apply_color(x, diffaugment.ColorDraws(*u))
  if "dy" in params:  # out[i] = in[i + d]
    x = diffaugment.apply_translation(x, [-column("dy"), -column("dx")])
  if "offset_y" in params:
    x = diffaugment.apply_cutout(x, [column("offset_y"), column("offset_x")])
  return {"y": x}


def ada_pipeline(inputs, params):
  """All of ADA's: with both ways of resampling, and the matrices in between."""
  if "offset_y" in params:  # "cutout" is a change of DiffAugment's, too.
    return diff_augment(inputs, params)
  parameters = {k: tf.constant(v, tf.float32) for k, v in params.items()}
  if "noise" in inputs:
    parameters["noise"] = tf.constant(inputs["noise"])
  x = tf.constant(inputs["x"])
  outputs = {
    "y_reference": ada.Ada(resample="sym6").apply(x, parameters),
    "y_simple": ada.Ada().apply(x, parameters),
    "G_inv": geometry.inverse_matrix(parameters),
    "C": colors.matrix(parameters),
  }
  if "band_gain" in parameters:
    outputs["g"] = filter_bank.gains(parameters["band_gain"])
  return {name: value for name, value in outputs.items() if value is not None}


def ada_controller(inputs, params):
  """p after each move, with and without an upper bound."""
  settings = {name: params[name] for name in ("target", "interval", "kimg")}
  bounded = probability.AdaController(**settings)
  unbounded = probability.AdaController(**settings, bounded=False)
  updates = np.sign(inputs["real_logits"]).mean(axis=1)
  means = updates.reshape([-1, params["interval"]]).mean(axis=1)
  p = p_clipped = tf.zeros([])
  outputs = {"r": means, "p": [], "p_clipped": []}
  for r in means:
    p = unbounded.moved(p, r, params["batch_size"])
    p_clipped = bounded.moved(p_clipped, r, params["batch_size"])
    outputs["p"].append(p)
    outputs["p_clipped"].append(p_clipped)
  return outputs


def apa_mix(inputs, params):
  flags = pseudo_real.flags(inputs["u"], params["p"])
  x, _ = pseudo_real.Apa().mix(
    tf.constant(inputs["x"]),
    None,
    tf.constant(inputs["x_fake"]),
    None,
    flags[:, 0, 0, 0],
  )
  return {"flag": tf.cast(flags, tf.float32), "y": x}


def noise_level(inputs, params):
  settings = instance_noise.InstanceNoise(params["sigma0"], params["T"])
  return {"sigma": [settings.sigma_at(t) for t in params["t"]]}


_OF_ADA = (
  *ada.TRANSFORMATIONS,
  *ada.PRESETS,
  *(f"{preset}_grey" for preset in ada.PRESETS),
  *(f"imgfilter_band{band}" for band in range(filter_bank.BANDS)),
  "rotate_pre_only",
  "rotate_post_only",
  "geom_all",
  "geom_some",
  "colour_all",
  "colour_grey",
  "imgfilter_all_bands",
  "imgfilter_some",
  "all_closed",
)

CASES = {
  "color": diff_augment,
  "translation": diff_augment,
  "color,translation,cutout": diff_augment,
  "ada_controller": ada_controller,
  "apa_mix": apa_mix,
  "instance_noise": noise_level,
  **{name: ada_pipeline for name in _OF_ADA if name != "color"},
}
