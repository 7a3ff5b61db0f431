"""Fractal dimension of fakes: a sign of in how many ways they vary.

The correlation dimension of Grassberger and Procaccia, 1983, as the original
compare_gan measures it: N(r) is the number of pairs (any image, chosen image)
nearer than r, and the slope of log N(r) over log r is fitted to the middle of
its height.
"""

from compare_gan.configuration import accepted
from compare_gan.metrics import contract
from compare_gan.metrics.rows import blocks
from compare_gan.metrics.rows import check
import gin
import numpy as np
from scipy.spatial import distance


@gin.configurable(denylist=["fake_images"])
@contract.declare(
  contract.Score(
    "fractal_dimension", contract.NEITHER, low=0.0, unit="dimensions"
  ),
)
def fractal_dimension(
  fake_images: np.ndarray,
  anchors: accepted.Count = 100,
  bins: accepted.Count = 1000,
  scale: accepted.Positive = 0.1,
  seed: accepted.Seed = 0,
) -> dict[str, float]:
  """Returns the dimension, which varies by about 10 % with the anchors.

  Args:
    fake_images: [N, ...], or any other rows.
    anchors: images from which distances are measured, drawn with replacement.
    bins: number of radii, spaced evenly in log r.
    scale: half the share of log N(r)'s height that is fitted.
    seed: of the anchors.
  """
  from scipy import stats  # imported here: it would delay trainings by 1 s

  rows = np.reshape(fake_images, [len(fake_images), -1])
  check(fake_images=rows)
  chosen = rows[np.random.RandomState(seed).randint(len(rows), size=anchors)]
  distances = np.concatenate(
    [distance.cdist(block, chosen) for _, block in blocks(rows)], axis=None
  )
  distances.sort()
  if not distances[-1]:
    raise ValueError(
      f"The {len(rows)} fake_images are all alike: they have no fractal "
      "dimension."
    )
  least, most = distances[distances > 0][0], distances[-1]
  radii = least * (most / least) ** np.linspace(0, 1, bins)
  heights = np.log(np.searchsorted(distances, radii))
  middle = (heights[0] + heights[-1]) / 2.0
  reach = scale * (heights[-1] - heights[0])
  fitted = np.abs(heights - middle) <= reach
  if fitted.sum() < 2:
    raise ValueError(
      f"Only {fitted.sum()} radii are in the middle of the curve. Give more "
      "images, more fractal_dimension.bins or a larger "
      "fractal_dimension.scale."
    )
  fit = stats.linregress(np.log(radii[fitted]), heights[fitted])
  return {"fractal_dimension": float(fit.slope)}
