"""A vision transformer of 16x16 pixels in an ONNX file, and its arithmetic.

It has what DINOv2 and CLIP have: a convolution that makes tokens of patches, a
class token, a table of positions, attention, layer norms, and a choice of one
token. Opset 13 is what onnxruntime 1.10, that of TensorFlow 2.6, reads; it has
no LayerNormalization, so that exporters write its parts.
"""

import json
import os

from compare_gan.features import onnx_weights
from compare_gan.features import tower
import numpy as np

PIXELS = 16
WIDTH = 24
_PATCH = 4
_TOKENS = 1 + (PIXELS // _PATCH) ** 2
_EPS = 1e-6


def weights(seed=0):
  """Returns {name: float32 array} of a network that nobody trained."""
  rng = np.random.RandomState(seed)
  shapes = {
    "patches": [WIDTH, 3, _PATCH, _PATCH],
    "class_token": [1, 1, WIDTH],
    "positions": [1, _TOKENS, WIDTH],
    **{name: [WIDTH, WIDTH] for name in ("query", "key", "value", "out")},
    **{f"{kind}{i}": [WIDTH] for i in (1, 2) for kind in ("scale", "shift")},
  }
  return {
    name: (0.3 * rng.standard_normal(shape)).astype(np.float32)
    for name, shape in shapes.items()
  }


def by_numpy(w, x):
  """Returns the features [N, 24] of images [N, 3, 16, 16], in float64."""
  w = {name: np.asarray(array, np.float64) for name, array in w.items()}
  side = PIXELS // _PATCH
  x = np.asarray(x, np.float64).reshape([-1, 3, side, _PATCH, side, _PATCH])
  tokens = np.einsum("ncyaxb,dcab->nyxd", x, w["patches"])
  tokens = tokens.reshape([len(x), -1, WIDTH])
  first = np.repeat(w["class_token"], len(x), axis=0)
  tokens = np.concatenate([first, tokens], axis=1) + w["positions"]
  normed = _layer_norm(tokens, w["scale1"], w["shift1"])
  query, key, value = (normed @ w[k] for k in ("query", "key", "value"))
  logits = query @ key.transpose(0, 2, 1) / np.sqrt(WIDTH)
  attention = np.exp(logits - logits.max(axis=-1, keepdims=True))
  attention /= attention.sum(axis=-1, keepdims=True)
  tokens = tokens + attention @ value @ w["out"]
  return _layer_norm(tokens, w["scale2"], w["shift2"])[:, 0]


def _layer_norm(x, scale, shift):
  x = x - x.mean(axis=-1, keepdims=True)
  return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + _EPS) * scale + shift


def model(w=None, batch="n", dtype=None):
  """Returns the same network as an onnx.ModelProto."""
  from onnx import TensorProto
  from onnx import helper
  from onnx import numpy_helper

  made = []

  def op(kind, *inputs, **attributes):
    output = f"{kind}_{len(made)}"
    made.append(helper.make_node(kind, list(inputs), [output], **attributes))
    return output

  def norm(x, i):
    x = op("Sub", x, op("ReduceMean", x, axes=[-1]))
    variance = op("ReduceMean", op("Mul", x, x), axes=[-1])
    x = op("Div", x, op("Sqrt", op("Add", variance, "eps")))
    return op("Add", op("Mul", x, f"scale{i}"), f"shift{i}")

  tokens = op("Conv", "pixels", "patches", strides=[_PATCH, _PATCH])
  tokens = op("Transpose", op("Reshape", tokens, "flat"), perm=[0, 2, 1])
  count = op("Slice", op("Shape", "pixels"), "zero", "one")
  first = op("Expand", "class_token", op("Concat", count, "rest", axis=0))
  tokens = op("Add", op("Concat", first, tokens, axis=1), "positions")
  normed = norm(tokens, 1)
  query, key, value = (
    op("MatMul", normed, k) for k in ("query", "key", "value")
  )
  logits = op("MatMul", query, op("Transpose", key, perm=[0, 2, 1]))
  attention = op("Softmax", op("Div", logits, "root"), axis=-1)
  attended = op("MatMul", op("MatMul", attention, value), "out")
  tokens = norm(op("Add", tokens, attended), 2)
  made.append(helper.make_node("Identity", [tokens], ["tokens"]))
  made.append(
    helper.make_node("Gather", ["tokens", "first"], ["features"], axis=1)
  )
  constants = {
    **(weights() if w is None else w),
    "eps": np.float32(_EPS),
    "root": np.float32(np.sqrt(WIDTH)),
    "flat": np.int64([0, WIDTH, -1]),
    "zero": np.int64([0]),
    "one": np.int64([1]),
    "rest": np.int64([1, WIDTH]),
    "first": np.int64(0),
  }
  of = helper.make_tensor_value_info
  kind = TensorProto.FLOAT if dtype is None else dtype
  graph = helper.make_graph(
    made,
    "tower",
    [of("pixels", kind, [batch, 3, PIXELS, PIXELS])],
    [
      of("features", TensorProto.FLOAT, [batch, WIDTH]),
      of("tokens", TensorProto.FLOAT, [batch, _TOKENS, WIDTH]),
    ],
    [numpy_helper.from_array(np.asarray(x), k) for k, x in constants.items()],
  )
  return helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7
  )


def write(folder, w=None, made=None, external=False, **changes):
  """Writes model.onnx and tower.json; returns the folder as a text.

  Args:
    folder: to be made.
    w: weights; None for `weights()`.
    made: another ModelProto.
    external: writes the weights into a file of their own.
    changes: of tower.json; None removes a key.
  """
  import onnx

  os.makedirs(folder, exist_ok=True)
  path = os.path.join(folder, "model.onnx")
  more = {}
  if external:
    more = {"save_as_external_data": True, "location": "weights.bin"}
    more["size_threshold"] = 200  # bytes; shapes stay where they are
  onnx.save_model(model(w) if made is None else made, path, **more)
  names = onnx_weights.weight_files(path)
  digest = tower.digest_of_weights(str(folder), names)
  write_json(folder, weights_sha256=digest, **changes)
  return str(folder)


def values(**changes):
  """Returns what the tower.json of the network holds."""
  whole = {
    "pixels": PIXELS,
    "resize": "bicubic",
    "antialias": True,
    "arithmetic": "uint8",
    "crop": "none",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.3, 0.4],
    "layout": "NCHW",
    "input": "pixels",
    "output": "features",
    "normalise": False,
    "weights_sha256": 64 * "0",
    "licence": "Apache-2.0",
    **changes,
  }
  return {key: value for key, value in whole.items() if value is not None}


def write_json(folder, **changes):
  """Writes the tower.json alone; returns its path."""
  path = os.path.join(folder, "tower.json")
  with open(path, "w") as file:
    json.dump(values(**changes), file)
  return path
