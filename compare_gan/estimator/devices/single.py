"""One device of this machine."""

from compare_gan.context import replica
from compare_gan.estimator.devices import base
import tensorflow as tf


class OneDevice(base.Devices):
  """Runs on the CPU or on a single GPU."""

  def __init__(self, device):
    self._device = device

  def scope(self):
    return tf.device(self._device)

  def run(self, step, batches):
    with tf.device(self._device), replica.running(self):
      return step(batches)
