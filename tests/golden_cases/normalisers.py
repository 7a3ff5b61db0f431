"""Golden cases of normalisers and of kernels that layers normalise.

CASES is {case name: function(inputs, params) -> {output name: value}}.
"""

import functools

from compare_gan.context import scope
from compare_gan.layers import equalized_learning_rate
from compare_gan.layers import forced_weight_norm
from compare_gan.layers import group_norm
from compare_gan.layers import pixel_norm
from compare_gan.layers import virtual_batch_norm
from compare_gan.layers import weight_standardization
import tensorflow as tf


def _normalised(make, inputs, params):
  """Returns y, and the gradient of x for the upstream gradient `out_grad`."""
  norm = make(inputs["x"].shape[-1], params)
  for name in ("gamma", "beta"):
    if name in inputs:
      getattr(norm, name).assign(inputs[name])
  x = tf.constant(inputs["x"])
  with tf.GradientTape() as tape:
    tape.watch(x)
    if "reference_batch" in inputs:
      norm.has_reference = True
      reference = inputs["reference_batch"]
      both = tf.concat([reference, x], axis=0)
      y = norm(both, None, None, True)[len(reference) :]
    else:
      y = norm(x, None, None, True)
  return {"y": y, "grad_x": tape.gradient(y, x, inputs["out_grad"])}


def _group(channels, params):
  return group_norm.GroupNorm(
    channels, groups=params["groups"], epsilon=params["eps"]
  )


def _instance(channels, params):
  return group_norm.InstanceNorm(channels, epsilon=params["eps"])


def _pixel(channels, params):
  return pixel_norm.PixelNorm(channels, epsilon=params["eps"])


def _pixel_edm2(channels, params):
  return pixel_norm.PixelNorm(
    channels, epsilon=params["eps"], epsilon_outside_root=True
  )


def _virtual_batch_norm(inputs, params):
  def make(channels, params):
    return virtual_batch_norm.VirtualBatchNorm(
      channels,
      reference_size=len(inputs["reference_batch"]),
      epsilon=params["eps"],
    )

  return _normalised(make, inputs, params)


def _kernel(make, inputs, params):
  """Returns y, the kernel as `make(shape, params)` writes it."""
  shape = inputs["kernel"].shape

  def value(name, shape, dtype):
    del shape, dtype
    return inputs.get(name.rpartition("/")[2])

  with scope.building(values=value):
    return {"y": make(shape, params)(is_training=False)}


def _standardised(shape, params):
  return weight_standardization.WeightStandardization(
    shape, epsilon=params["eps"], unbiased=params["unbiased"]
  )


def _scaled(shape, params):
  return weight_standardization.ScaledWeightStandardization(
    shape, epsilon=params["eps"]
  )


def _equalised(shape, params):
  return equalized_learning_rate.EqualizedLearningRate(
    shape, gain=params["gain"]
  )


def _forced(inputs, params):
  kernel = tf.constant(inputs["kernel"])
  return {"y": forced_weight_norm.normalized(kernel, params["eps"])}


CASES = {
  "group_norm": functools.partial(_normalised, _group),
  "instance_norm": functools.partial(_normalised, _instance),
  "pixel_norm": functools.partial(_normalised, _pixel),
  "pixel_norm_edm2": functools.partial(_normalised, _pixel_edm2),
  "virtual_batch_norm": _virtual_batch_norm,
  "weight_standardisation": functools.partial(_kernel, _standardised),
  "weight_standardisation_biased": functools.partial(_kernel, _standardised),
  "scaled_weight_standardisation": functools.partial(_kernel, _scaled),
  "equalised_lr": functools.partial(_kernel, _equalised),
  "equalised_lr_gain1": functools.partial(_kernel, _equalised),
  "edm2_forced_weight_norm": _forced,
}
