"""What memory a candidate needs, by the library's own estimate.

The step is traced as the training would trace it, with variables that have no
values, so that nothing of the training's size is allocated.
"""

from collections.abc import Sequence

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.context import precision
from compare_gan.context import scope
from compare_gan.datasets import catalogue
from compare_gan.estimator.devices import single
from compare_gan.fit.candidates import Candidate
from compare_gan.fit.machine import Machine
from compare_gan.memory import allocation
from compare_gan.memory import memory_check
from compare_gan.memory import step_memory
from compare_gan.storage import model_dir
import tensorflow as tf


class Estimator:
  """Returns the bytes that a training of a candidate needs.

  Args:
    files: gin files.
    lines: of gin, on top of files.
    machine: what is trained on.
    process_bytes: what a process needs that trains nothing; a GPU's memory has
      none of it.
    fake: whether to trace with noise of the dataset's shape.
  """

  def __init__(
    self,
    files: Sequence[str],
    lines: Sequence[str],
    machine: Machine,
    process_bytes: int,
    fake: bool = False,
  ) -> None:
    self._files, self._lines = list(files), list(lines)
    self._machine = machine
    self._process_bytes = 0 if machine.on_gpu else process_bytes
    self._fake = {"fake": True} if fake else {}

  def __call__(self, candidate: Candidate) -> int:
    with gin_state.own_gin():
      gin_files.parse(self._files, [*self._lines, *candidate.bindings()])
      with precision.using(candidate.precision):
        return self._process_bytes + self._step_bytes(candidate)

  def _step_bytes(self, candidate):
    on_gpu = self._machine.on_gpu
    device = single.OneDevice("GPU:0" if on_gpu else "CPU:0")
    with tf.Graph().as_default(), scope.building(valueless=True):
      dataset = catalogue.dataset(**self._fake)
      with tf.name_scope("gan"):  # Names at the root cannot begin with "_".
        gan = model_dir.make_gan(dataset)
      on_host = 0 if on_gpu else dataset.bytes_in_memory("train")
      return on_host + step_memory.training_bytes(
        lambda batches: device.run(gan.train_step, batches),
        memory_check.specs(gan),
        gan.variables,
        shares=self._machine.replicas,
        gives_back=allocation.gives_back(candidate.recompute),
      )
