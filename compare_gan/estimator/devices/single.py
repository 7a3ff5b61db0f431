"""One device of this machine."""

from typing import Any
from typing import Callable

from compare_gan.context import replica
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import native_precision
import tensorflow as tf

# How TensorFlow begins to say which operations XLA does not have.
_NOT_COMPILED = "Detected unsupported operations"


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
    if _NOT_COMPILED in error.message:
      raise ValueError(
        f"XLA cannot compile this step: {error.message.splitlines()[0]}\n"
        "Set run_config.xla = False."
      ) from error

  def scope(self) -> Any:
    return tf.device(self._device)

  def run(
    self, step: Callable[[Any], dict[str, tf.Tensor]], batches: Any
  ) -> dict[str, tf.Tensor]:
    with tf.device(self._device), replica.running(self):
      return step(batches)
