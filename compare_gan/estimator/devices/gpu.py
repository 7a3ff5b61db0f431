"""`--run_config=gpu`: all GPUs of this host, or of each of several hosts.

context/gpu.py says how TensorFlow uses them.
"""

from typing import Any
from typing import Optional

from compare_gan.context import gpu
from compare_gan.estimator.devices import base
from compare_gan.estimator.devices import hosts
from compare_gan.estimator.devices import replicated
from compare_gan.estimator.devices import single
import tensorflow as tf


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
    gpu.prepare()
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
