"""Conditioning of the generator (https://arxiv.org/abs/1802.08768).

The condition number of J^T J with J = d pixels / d z: how unevenly a step in z
moves the image. It is the square of J's condition number, which is computed
from J's singular values because J^T J would lose the small ones.
"""

from compare_gan.metrics import contract
import gin
import numpy as np


@gin.configurable(denylist=["jacobians"])
@contract.declare(
  contract.Score(
    "jacobian_conditioning", contract.LOWER, low=0.0, unit="log of a ratio"
  ),
  contract.Score(
    "jacobian_conditioning_std_over_z",
    contract.NEITHER,
    low=0.0,
    unit="log of a ratio",
  ),
)
def jacobian_conditioning(jacobians: np.ndarray) -> dict[str, float]:
  """Returns mean and standard deviation over z of log cond(J^T J).

  Args:
    jacobians: [N, pixels, z_dim], one at each z. The result is infinite where
      some direction of z moves nothing.
  """
  if np.ndim(jacobians) != 3 or not len(jacobians):
    raise ValueError(
      f"jacobians has shape {np.shape(jacobians)}, not [N, pixels, z_dim]."
    )
  if not np.isfinite(jacobians).all():
    raise ValueError("jacobians has NaN or infinity; all must be finite.")
  values = np.linalg.svd(jacobians.astype(np.float64), compute_uv=False)
  with np.errstate(divide="ignore", invalid="ignore"):
    logs = 2.0 * (np.log(values[:, 0]) - np.log(values[:, -1]))
    logs[values[:, -1] == 0.0] = np.inf  # also for J = 0, instead of NaN
    return {
      "jacobian_conditioning": float(np.mean(logs)),
      "jacobian_conditioning_std_over_z": float(np.std(logs)),
    }
