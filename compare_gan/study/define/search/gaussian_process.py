"""Gaussian process regression with a Matern-5/2 kernel of variance 1.

Equations are those of Rasmussen & Williams (2006),
http://gaussianprocess.org/gpml.
"""

import itertools
import math

import numpy as np

# The grid from which `fit` chooses.
_LENGTHS = (0.1, 0.2, 0.4, 0.8, 1.6)
_NOISES = (1e-3, 1e-2, 1e-1, 0.5)  # shares of the variance 1 of the values


def _matern(a, b, length):
  """Returns the Matern-5/2 kernel [n, m] of points [n, d] and [m, d]."""
  square = np.sum((a[:, None] - b[None]) ** 2, axis=-1)
  r = np.sqrt(5.0 * square) / length
  return (1.0 + r + r**2 / 3.0) * np.exp(-r)


def fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
  """Returns the length and the noise with the largest marginal likelihood.

  Args:
    x: points [n, d].
    y: their values [n].
  """
  pairs = list(itertools.product(_LENGTHS, _NOISES))
  return max(pairs, key=lambda pair: round(log_likelihood(x, y, *pair), 6))


def log_likelihood(
  x: np.ndarray, y: np.ndarray, length: float, noise: float
) -> float:
  """Returns log N(y; 0, K + noise I), equation 2.30."""
  factor = np.linalg.cholesky(_matern(x, x, length) + noise * np.eye(len(x)))
  z = np.linalg.solve(factor, y)
  return float(
    -0.5 * z @ z
    - np.sum(np.log(np.diag(factor)))
    - 0.5 * len(y) * math.log(2.0 * math.pi)
  )


def posterior(
  x: np.ndarray, y: np.ndarray, at: np.ndarray, length: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the mean [m] and the standard deviation [m] at points [m, d].

  Equations 2.23 and 2.24.
  """
  factor = np.linalg.cholesky(_matern(x, x, length) + noise * np.eye(len(x)))
  cross = np.linalg.solve(factor, _matern(x, at, length))
  mean = cross.T @ np.linalg.solve(factor, y)
  variance = 1.0 - np.sum(cross**2, axis=0)
  return mean, np.sqrt(np.maximum(variance, 0.0))
