"""The precision of the networks: float32, bfloat16 or float16.

A leaf that any room may use. Variables, normalisers, softmaxes, scores, images,
losses, penalties and optimisers are always float32. The expensive part is not:
a convolution casts a float32 input to the compute dtype, and the following
layers stay in it until a score or a pixel comes out.

  with precision.using("bfloat16"):
    gan = make_gan(dataset)
    Estimator(gan, ...).train(...)

The choice applies to the process, not to a thread: replicas run in their own
threads. A traced function keeps the dtype that it was traced with.
"""

from collections.abc import Iterator
import contextlib
from typing import NamedTuple
from typing import Optional
from typing import Union
import warnings

import numpy as np
import tensorflow as tf

NAMES = ("float32", "bfloat16", "float16")
AUTO = "auto"  # what the devices multiply natively, see Devices.precision

# What a device's compiler may do to a float32 program, as it calls it, and the
# closest equivalent on devices without such a compiler.
_MODES = {
  "must_keep_origin_dtype": "float32",
  "force_fp32": "float32",
  "allow_fp32_to_fp16": "float32",
  "allow_fp32_to_bf16": "float32",
  "allow_mix_precision": "float16",
  "allow_mix_precision_fp16": "float16",
  "allow_mix_precision_bf16": "bfloat16",
}
_ONLY_BY_COMPILER = ("force_fp16", "cube_fp16in_fp32out")


class _Choice(NamedTuple):
  dtype: tf.DType
  loss_scaled: bool


_choice = _Choice(tf.float32, False)


@contextlib.contextmanager
def using(name: str, loss_scaled: Optional[bool] = None) -> Iterator[None]:
  """Makes networks that are built and called inside compute in `name`.

  Args:
    name: "float32", "bfloat16" or "float16".
    loss_scaled: whether gradients need a loss scale, see gans/loss_scale.py.
      None: for float16, whose smallest number is 6e-8. True with float32 is for
      a device that mixes precisions by itself.
  """
  global _choice
  _require_one_of("precision", name, NAMES)
  _require_convolutions(name)
  outer = _choice
  if loss_scaled is None:
    loss_scaled = name == "float16"
  _choice = _Choice(tf.as_dtype(name), loss_scaled)
  try:
    yield
  finally:
    _choice = outer


def resolve(
  precision: Optional[str] = None,
  mode: Optional[str] = None,
  by_compiler: bool = False,
) -> tuple[str, bool]:
  """Returns the arguments of `using` that `run_config.*` asks for.

  Args:
    precision: `run_config.precision`. None, and "auto" of devices that have no
      choice, are float32 or what the mode says.
    mode: `run_config.precision_mode`. The same choice in a compiler's terms.
    by_compiler: the device's compiler applies the mode itself. The program
      stays float32, and its loss is scaled for it.
  """
  _require_one_of("precision", precision, (*NAMES, AUTO))
  if precision == AUTO:
    precision = None
  _require_one_of("precision_mode", mode, (*_MODES, *_ONLY_BY_COMPILER))
  if mode is None:
    name = precision or "float32"
    return name, name == "float16"
  if precision not in (None, _MODES.get(mode)):
    raise ValueError(
      f"run_config.precision = {precision!r} contradicts "
      f"run_config.precision_mode = {mode!r}. Set one of them only."
    )
  if by_compiler:
    return "float32", mode == "force_fp16" or _MODES.get(mode) == "float16"
  if mode in _ONLY_BY_COMPILER:
    raise ValueError(
      f"run_config.precision_mode = {mode!r} is for devices whose compiler "
      "mixes precisions, and this one has none. 'allow_mix_precision' is "
      "accepted here: float16 where it is safe."
    )
  if mode.startswith("allow_fp32_to"):
    warnings.warn(
      f"run_config.precision_mode = {mode!r} allows lower precision, but does "
      "not ask for it: this device computes in float32. 'allow_mix_precision' "
      "is faster.",
      stacklevel=2,
    )
  return _MODES[mode], _MODES[mode] == "float16"


def _require_one_of(argument, value, known):
  if value is not None and value not in known:
    raise ValueError(
      f"run_config.{argument} = {value!r} is unknown. It can be "
      f"{', '.join(map(repr, known))}."
    )


def compute_dtype() -> tf.DType:
  """Returns the dtype of convolutions and of the layers between them."""
  return _choice.dtype


def loss_is_scaled() -> bool:
  """Returns whether a gradient is computed from a scaled loss."""
  return _choice.loss_scaled


def entering(x: Union[np.ndarray, tf.Tensor]) -> tf.Tensor:
  """Returns x in the compute dtype if it is float32, else unchanged."""
  x = tf.convert_to_tensor(x)  # numpy 1.19 cannot compare its dtypes with ours.
  return tf.cast(x, _choice.dtype) if x.dtype == tf.float32 else x


def _require_convolutions(name):
  """Raises unless this device convolves in that precision.

  Checks the values: bfloat16 convolutions of TensorFlow 2.6 on the CPU return
  without an error, and without a result.
  """
  failure = why_not(name)
  if failure is not None:
    raise ValueError(
      f"run_config.precision = {name!r}, but TensorFlow {tf.__version__} "
      f"cannot convolve in it on this device ({failure}). Set "
      "run_config.precision = 'float32', or use a later TensorFlow."
    )


def why_not(name: str) -> Optional[str]:
  """Returns None, or why this device does not convolve in a precision."""
  if name == "float32":
    return None
  # The result is cached: a probe takes a second.
  if name not in _works:
    _works[name] = _probe(tf.as_dtype(name))
  return _works[name]


_works: dict[str, Optional[str]] = {}  # name -> None, or why not


def _probe(dtype):
  """Returns None, or why convolutions or their gradients are wrong."""

  def results(dtype: tf.DType) -> list[np.ndarray]:
    x = tf.cast(tf.reshape(tf.range(32.0) / 32.0, [1, 4, 4, 2]), dtype)
    kernel = tf.cast(tf.reshape(tf.range(36.0) / 36.0, [3, 3, 2, 2]), dtype)
    with tf.GradientTape() as tape:
      tape.watch([x, kernel])
      y = tf.nn.conv2d(x, kernel, 1, "SAME")
    results = [y, *tape.gradient(y, [x, kernel])]
    return [tf.cast(result, tf.float32).numpy() for result in results]

  try:
    pairs = list(zip(results(dtype), results(tf.float32)))
  except (tf.errors.OpError, NotImplementedError) as error:
    return str(error).splitlines()[0][:120]
  for actual, expected in pairs:
    if not np.allclose(actual, expected, rtol=0.05, atol=0.05):
      return "its results are wrong"
  return None
