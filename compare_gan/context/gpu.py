"""How TensorFlow uses GPUs: for trainings, and for all that loads a model.

GPURunConfig.memory_growth = False    take all memory of a GPU at once
GPURunConfig.tf32 = False             all digits of float32
GPURunConfig.layout_pass = False      convolutions in the layout of the code
"""

import contextlib
import dataclasses

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


def prepare() -> None:
  """Tells TensorFlow what gin says; call it before any operation.

  Where a GPU is in use already, its memory stays as it is.
  """
  gpus = tf.config.get_visible_devices("GPU")
  if not gpus:
    return
  options = GpuOptions()
  for gpu in gpus:
    with contextlib.suppress(RuntimeError):  # An earlier training uses it.
      tf.config.experimental.set_memory_growth(gpu, options.memory_growth)
  tf.config.experimental.enable_tensor_float_32_execution(options.tf32)
  tf.config.optimizer.set_experimental_options(
    {"layout_optimizer": options.layout_pass}
  )
