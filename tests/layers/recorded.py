"""Layers of StyleGAN2 on small arrays, recorded from stylegan2-ada-pytorch."""

import json
import pathlib

import numpy as np

_FILE = pathlib.Path(__file__).parents[1] / "golden/modern/ops_resampling.json"
_RECORDED = json.loads(_FILE.read_text())


def inputs():
  """Returns {name: array}, drawn in the recorded order."""
  rng = np.random.RandomState(_RECORDED["seed"])
  n, *_, channels = _RECORDED["shape"]
  out = _RECORDED["out_channels"]
  shapes = {
    "images": _RECORDED["shape"],
    "kernel3": [3, 3, channels, out],
    "kernel1": [1, 1, channels, out],
    "style": [n, channels],
    "unused": [out],
    "bias": [channels],
    "batch": _RECORDED["minibatch_shape"],
    "z": [3, 5],
  }
  drawn = {name: rng.randn(*shape) for name, shape in shapes.items()}
  drawn["style"] = 1.0 + 0.5 * drawn["style"]
  return {name: x.astype(np.float32) for name, x in drawn.items()}


def assert_recorded(found, name):
  """Compares with what was recorded, to 1e-6 of the largest value."""
  values = _RECORDED["values"][name]
  expected = np.reshape(values["values"], values["shape"])
  tolerance = 1e-6 * np.abs(expected).max()
  np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
