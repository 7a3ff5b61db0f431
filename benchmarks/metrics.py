"""How far metrics are from the speed of their matrix products.

  OPENBLAS_NUM_THREADS=2 python -m benchmarks.metrics [--small] [--only kid fid]

Each metric is timed in turn with numpy's own product, several times in the same
run, and the best times are compared, so that the ratios hold on other machines
and under other load. A ratio of 1 is the limit; the last line is JSON.
"""

import argparse
import json
import os
import time

from compare_gan.metrics import density_coverage
from compare_gan.metrics import fid
from compare_gan.metrics import kid
from compare_gan.metrics import precision_recall
import numpy as np
import scipy.linalg

_ROUNDS = 3


def _best(*works):
  """Returns the shortest time of each function, called in turn."""
  seconds = [[] for _ in works]
  for _ in range(_ROUNDS):
    for work, times in zip(works, seconds):
      start = time.perf_counter()
      work()
      times.append(time.perf_counter() - start)
  return [min(times) for times in seconds]


def _rows(seed, n, d):
  rows = np.random.RandomState(seed).standard_normal([n, d])
  return (rows / np.sqrt(1.0 + np.arange(d))).astype(np.float32)


def _gemm(m, n, k):
  """Returns a product of m * n * k multiplications, in blocks of 1024 rows."""
  a = np.ones([min(m, 1024), k])
  b = np.ones([k, min(n, 1024)])
  times = round(m / len(a) * n / b.shape[1])
  return lambda: [a @ b for _ in range(times)]


def kid_full(n, d):
  """Returns KID's share of the product rate: 2 triangles and 1 square."""
  real, fake = _rows(0, n, d), _rows(1, n, d)
  own, product = _best(lambda: kid.kid(real, fake), _gemm(2 * n, n, d))
  return product / own


def fid_full(n, d):
  """Returns the time of covariances, Cholesky and svdvals, over FID's time."""
  real, fake = _rows(0, n, d), _rows(1, n, d)
  wide = [x.astype(np.float64) for x in (real, fake)]

  def parts():
    factors = [scipy.linalg.cholesky(np.cov(x, rowvar=False)) for x in wide]
    np.linalg.svd(factors[0] @ factors[1].T, compute_uv=False)

  own, reference = _best(lambda: fid.fid(real, fake), parts)
  return reference / own


def moments(n, d):
  """Returns the streaming moments' share of syrk's rate."""
  rows = _rows(0, n, d)
  wide = rows.astype(np.float64).T

  def stream():
    found = fid.Moments()
    for i in range(0, n, 250):
      found.add(rows[i : i + 250])

  own, syrk = _best(stream, lambda: scipy.linalg.blas.dsyrk(1.0, wide))
  return syrk / own


def neighbours(metric, distances, n, d):
  """Returns the time of the products of distances, over the metric's time."""
  real, fake = _rows(0, n, d), _rows(1, n, d)
  own, product = _best(lambda: metric(real, fake), _gemm(distances * n, n, d))
  return product / own


def main():
  parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
  parser.add_argument("--small", action="store_true", help="a fifth of all")
  parser.add_argument("--only", nargs="*", help="names of metrics")
  parsed = parser.parse_args()
  small = parsed.small
  n, many = (1000, 2000) if small else (5000, 10000)
  d, wide = (512, 512) if small else (1024, 2048)
  # name: (ratio, the least ratio that passes)
  wanted = {
    "kid": (lambda: kid_full(n, d), 0.8),
    "fid": (lambda: fid_full(n, d), 1.0),
    "moments": (lambda: moments(many, wide), 0.9),
    # Real, fake and both: three squares. With symmetry two suffice.
    "precision_recall": (
      lambda: neighbours(precision_recall.precision_recall, 3, many, wide),
      1 / 1.5,
    ),
    "density_coverage": (
      lambda: neighbours(density_coverage.density_coverage, 2, many, wide),
      1 / 1.5,
    ),
  }
  threads = os.environ.get("OPENBLAS_NUM_THREADS", "default")
  report = {"threads": threads, "small": small}
  for name, (ratio, least) in wanted.items():
    if parsed.only and name not in parsed.only:
      continue
    report[name] = round(ratio(), 3)
    verdict = "reached" if report[name] >= least else "missed"
    print(f"{name:20} {report[name]:6.3f} of {least:.3f} wanted: {verdict}")
  print(json.dumps(report))


if __name__ == "__main__":
  main()
