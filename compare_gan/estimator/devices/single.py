"""One device of this machine."""

import re
from typing import Any
from typing import Callable

from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import native_precision
import tensorflow as tf

# How TensorFlow says that XLA does not have an operation.
_NOT_COMPILED = re.compile(r"No registered '(\w+)' OpKernel for XLA")


class OneDevice(base.Devices):
  """Runs on the CPU or on a single GPU."""

  def __init__(self, device: str) -> None:
    self._device = device
    self.device_kind = "gpu" if "GPU" in device.upper() else "cpu"

  def native_precision(self) -> tuple[str, str]:
    return native_precision.choose([self._device])

  def compiled(
    self, step: Callable[[Any], dict[str, tf.Tensor]]
  ) -> Callable[[Any], dict[str, tf.Tensor]]:
    return tf.function(step, autograph=False, jit_compile=True)

  def explain(self, error: tf.errors.OpError) -> None:
    missing = sorted(set(_NOT_COMPILED.findall(error.message)))
    if missing:
      raise ValueError(
        "XLA cannot compile this step: it does not have "
        f"{', '.join(missing)} on this device. Set run_config.xla = False."
      ) from error

  def scope(self) -> Any:
    return tf.device(self._device)

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: Any
  ) -> dict[str, tf.Tensor]:
    with tf.device(self._device), replica.running(self):
      return step(batches)
