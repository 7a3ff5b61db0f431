"""Where z comes from: `z.*` in training, `eval_z.*` for scores and samples."""

import inspect
import math

from compare_gan import draws
import gin
import numpy as np


def _draw(shape, distribution_fn, **parameters):
  """Calls the distribution with those of the parameters that it takes.

  `minval` and `maxval` are a uniform's, `stddev` a normal's, `truncation` a
  truncated normal's: the bindings of the others have no meaning and are left
  out, as in the original.
  """
  accepted = inspect.signature(distribution_fn).parameters
  taken = {name: v for name, v in parameters.items() if name in accepted}
  return distribution_fn(shape=shape, **taken)


@gin.configurable(
  "z", module="compare_gan.gans.modular_gan", denylist=["shape"]
)
def z(
  shape,
  distribution_fn=draws.uniform,
  minval=-1.0,
  maxval=1.0,
  stddev=1.0,
  truncation=2.0,
):
  """Returns latents for training, [N, z_dim]; row i is the i-th image's."""
  return _draw(
    shape,
    distribution_fn,
    minval=minval,
    maxval=maxval,
    stddev=stddev,
    truncation=truncation,
  )


@gin.configurable(
  "eval_z", module="compare_gan.eval_gan_lib", denylist=["shape"]
)
def eval_z(
  shape,
  distribution_fn=draws.uniform,
  minval=-1.0,
  maxval=1.0,
  stddev=1.0,
  truncation=2.0,
):
  """Returns latents for evaluation, uniform by default whatever `z` is."""
  return _draw(
    shape,
    distribution_fn,
    minval=minval,
    maxval=maxval,
    stddev=stddev,
    truncation=truncation,
  )


def eval_log_density(z):
  """Returns the logarithms of the densities of coordinates of `eval_z`."""
  bound = {"minval": -1.0, "maxval": 1.0, "stddev": 1.0, "truncation": 2.0}
  bound.update(gin.get_bindings("eval_z"))
  name = getattr(bound.get("distribution_fn", draws.uniform), "__name__", "")
  if name == "uniform":
    return np.full(z.shape, -np.log(bound["maxval"] - bound["minval"]))
  if name not in ("normal", "truncated_normal"):
    raise ValueError(
      f"The density of eval_z.distribution_fn = @{name} is not known. That of "
      "@tf.random.uniform, normal and truncated_normal is."
    )
  deviation = bound["stddev"]
  log_p = -0.5 * (z / deviation) ** 2 - 0.5 * np.log(2.0 * np.pi)
  log_p -= np.log(deviation)
  if name == "truncated_normal":  # What lies beyond is cut off.
    log_p -= np.log(math.erf(bound["truncation"] / math.sqrt(2.0)))
  return log_p
