"""`--run_config=gpu`: all GPUs of this host, or of each of several hosts.

GPURunConfig.memory_growth = False    take all memory of a GPU at once
GPURunConfig.tf32 = False             all digits of float32
GPURunConfig.layout_pass = False      convolutions in the layout of the code
"""

import contextlib
import dataclasses
from typing import Any
from typing import Optional

from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import hosts
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
import gin
import tensorflow as tf


@gin.configurable("GPURunConfig", module="compare_gan.main")
@dataclasses.dataclass(frozen=True)
class GpuOptions:
  """How TensorFlow uses GPUs; `GpuOptions()` is what a gin file sets.

  Attributes:
    memory_growth: take memory when it is needed, so that others can use the
      rest; otherwise all of it at the start.
    tf32: round what float32 convolutions and products multiply to 10 bits,
      where a GPU can (Ampere and later). It is several times as fast.
    layout_pass: let TensorFlow turn NHWC into NCHW where it expects that to be
      faster on this GPU.
  """

  memory_growth: bool = True
  tf32: bool = True
  layout_pass: bool = True


class Kind(base.AbstractKind):
  """The GPUs that TensorFlow sees."""

  auto_order = 20

  def choose(self, batch_size: Optional[int], run_config: Any) -> base.Devices:
    if not self.may_be_here():
      raise ValueError(
        "--run_config=gpu, but TensorFlow sees no GPU. Use "
        "--run_config=cpu, or install compare_gan[gpu]."
      )
    cluster = hosts.find(run_config)
    if cluster is not None:
      hosts.share_gpus(cluster)
    _set(GpuOptions())
    if cluster is None:
      return _choose_on_this_host(batch_size)
    return hosts.choose(cluster, _number(), batch_size, run_config)

  def look(self, batch_size: Optional[int], run_config: Any) -> base.Found:
    if not self.may_be_here():
      return base.Found(None, "TensorFlow sees no GPU")
    on = self.choose(batch_size, run_config)
    gpus = _number()
    return base.Found(
      on,
      f"TensorFlow sees {gpus} GPU{'s' * (gpus > 1)}",
      hosts.in_words(
        "the GPU" if gpus == 1 else f"{gpus} GPUs", hosts.find(run_config)
      ),
    )

  def may_be_here(self) -> bool:
    return _number() > 0


def _number():
  return len(tf.config.get_visible_devices("GPU"))


def _set(options):
  """Tells TensorFlow; the growth of memory only if no GPU is in use yet."""
  for gpu in tf.config.get_visible_devices("GPU"):
    with contextlib.suppress(RuntimeError):  # It is, by an earlier training.
      tf.config.experimental.set_memory_growth(gpu, options.memory_growth)
  tf.config.experimental.enable_tensor_float_32_execution(options.tf32)
  tf.config.optimizer.set_experimental_options(
    {"layout_optimizer": options.layout_pass}
  )


def _choose_on_this_host(batch_size):
  gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
  if len(gpus) == 1:
    return single.OneDevice(gpus[0])
  if batch_size is not None and batch_size % len(gpus):
    raise ValueError(
      f"options.batch_size = {batch_size} is not divisible by the number of "
      f"GPUs, {len(gpus)}. Choose a multiple, or hide GPUs with "
      "CUDA_VISIBLE_DEVICES."
    )
  return replicated.Mirrored(gpus)
