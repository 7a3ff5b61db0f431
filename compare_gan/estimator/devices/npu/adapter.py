"""The adapter `npu_device` of Huawei: whether it is there, and opening a card.

Opening a card replaces TensorFlow's context: existing variables would be lost,
and settings of threads are forgotten.
"""

import gc
import importlib
import os
from typing import Any
import warnings

import tensorflow as tf

MODULE = "npu_device"
NO_ADAPTER = f"there is no {MODULE}"


class NoCard(ValueError):
  """Raised where there is no card to train on.

  Args:
    reason: why, as a clause that can end a sentence.
    message: what to do about it.
  """

  def __init__(self, reason: str, message: str) -> None:
    super().__init__(message)
    self.reason = reason


# ---- Finding it --------------------------------------------------------------


def is_importable() -> bool:
  """Returns whether there is an adapter; a card may still not answer."""
  try:
    import_adapter()
  except NoCard:
    return False
  return True


def import_adapter() -> Any:
  """Returns npu_device, or raises NoCard."""
  try:
    npu_device = importlib.import_module(MODULE)
  except Exception as error:  # Under another TensorFlow it fails in many ways.
    said, reason = in_one_line(error), NO_ADAPTER
    is_missing = getattr(error, "name", None) == MODULE
    if not (isinstance(error, ImportError) and is_missing):
      reason = f"npu_device cannot be imported ({said})"
    raise NoCard(reason, _adapter_is_needed(said)) from error
  if not hasattr(npu_device, "open"):
    reason = "npu_device is not the adapter: it has no function open"
    raise NoCard(reason, _adapter_is_needed(reason))
  return npu_device


def _adapter_is_needed(said):
  return (
    "--run_config=npu needs npu_device, the Ascend adapter for TensorFlow "
    f"2.6.5 ({said}; this is TensorFlow {tf.__version__}). It comes from "
    "the releases of https://gitcode.com/cann/tensorflow, not from PyPI; its "
    "folder must be in PYTHONPATH. docs/npu.md says how."
  )


def in_one_line(error: BaseException) -> str:
  """Returns the message of an error in one line, without a final period."""
  text = " ".join(str(error).split()).rstrip(".")
  return text or type(error).__name__


# ---- Before a card is opened -------------------------------------------------


def require_no_variables() -> None:
  """Raises if there is a variable: opening the card would lose it."""
  alive = variables()
  if alive:
    made = f"{len(alive)} variables, {alive[0].name} for one, were made before"
    raise NoCard(
      f"{made} a card could be opened",
      f"{made} the NPU was opened, and would be lost by it. Choose the devices "
      "first, then make datasets and models.",
    )


def variables() -> list[tf.Variable]:
  """Returns all variables that this process has."""
  return [x for x in gc.get_objects() if issubclass(type(x), tf.Variable)]


def warn_of_threads() -> None:
  threading = tf.config.threading
  if (
    threading.get_intra_op_parallelism_threads()
    or threading.get_inter_op_parallelism_threads()
  ):
    warnings.warn(
      "Opening an NPU resets the numbers of threads that tf.config.threading "
      "has set. TF_NUM_INTRAOP_THREADS and TF_NUM_INTEROP_THREADS in the "
      "environment keep their effect.",
      stacklevel=3,
    )


def set_option(options: Any, path: str, value: Any) -> None:
  *holders, name = path.split(".")
  try:
    for holder in holders:
      options = getattr(options, holder)
    setattr(options, name, value)
  except (AttributeError, TypeError, ValueError) as error:
    raise ValueError(
      f"This version of the NPU adapter has no option {path} or does not "
      f"accept its value {value!r} ({error}). NPURunConfig.* or "
      "run_config.precision_mode sets it."
    ) from error


def set_environment(wanted: dict[str, str]) -> None:
  for name, value in wanted.items():
    if os.environ.setdefault(name, value) != value:
      raise ValueError(
        f"{name} = {os.environ[name]} in the environment, but NPURunConfig.* "
        f"asks for {value}. Set one of them only."
      )
