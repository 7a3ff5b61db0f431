"""Where z comes from: `z.*` in training, `eval_z.*` for scores and samples."""

import inspect

from compare_gan import draws
import gin


def _draw(shape, distribution_fn, **parameters):
  """Calls the distribution with those of the parameters that it takes.

  `minval` and `maxval` are a uniform's, `stddev` a normal's: the bindings of
  the other one have no meaning and are left out, as in the original.
  """
  accepted = inspect.signature(distribution_fn).parameters
  taken = {name: v for name, v in parameters.items() if name in accepted}
  return distribution_fn(shape=shape, **taken)


@gin.configurable(
  "z", module="compare_gan.gans.modular_gan", denylist=["shape"]
)
def z(
  shape, distribution_fn=draws.uniform, minval=-1.0, maxval=1.0, stddev=1.0
):
  """Returns latents for training, [N, z_dim]; row i is the i-th image's."""
  return _draw(
    shape, distribution_fn, minval=minval, maxval=maxval, stddev=stddev
  )


@gin.configurable(
  "eval_z", module="compare_gan.eval_gan_lib", denylist=["shape"]
)
def eval_z(
  shape, distribution_fn=draws.uniform, minval=-1.0, maxval=1.0, stddev=1.0
):
  """Returns latents for evaluation, uniform by default whatever `z` is."""
  return _draw(
    shape, distribution_fn, minval=minval, maxval=maxval, stddev=stddev
  )
