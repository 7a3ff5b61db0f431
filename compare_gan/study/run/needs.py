"""Estimates the memory of a run before it is started.

The estimate is that of step_memory.py for one step, plus the images that the
dataset keeps in memory, plus the memory of a process that has imported
TensorFlow but done nothing else. The step is traced but not run, and its
variables take no memory. An evaluation is left out, because the memory of the
step is free again by then.
"""

from collections.abc import Iterable
from typing import Any
from typing import Optional

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.estimator import devices
from compare_gan.memory import allocation
from compare_gan.memory import memory_check
from compare_gan.memory import memory_limit
from compare_gan.memory import step_memory
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import definition
from compare_gan.study.define import plan as plan_lib
from compare_gan.study.define import scores
from compare_gan.study.run import room

# No tensor's size depends on these: runs that differ in them share an estimate.
_NO_SIZES = (
  "tf_random_seed",
  "seed",
  "g_lr",
  "d_lr",
  "lamba",
  "beta1",
  "beta2",
)


class Needs:
  """Returns the Need of a run; runs with tensors of equal sizes share one.

  Args:
    study: the study of the runs.
    has_gpus: whether the runs get GPUs.
  """

  def __init__(self, study: definition.Study, has_gpus: bool = False) -> None:
    self._study = study
    self._on_host = trains_on_host(study.flags, has_gpus)
    # So far this process, too, has done little but import TensorFlow.
    self._base_mb = memory_limit.resident() / 2**20
    self._known: dict[Any, room.Need] = {}

  def __call__(self, run: plan_lib.Run) -> room.Need:
    if self._study.memory_mb:
      return room.Need(self._study.memory_mb, "by study.memory_mb", False)
    if not self._on_host:
      return room.Need(room.USUAL_MB, "as usual with a GPU", False)
    key = _key(run)
    if key not in self._known:
      self._known[key] = self._estimate(run)
    return self._known[key]

  def _estimate(self, run):
    step = step_mb(run, self._study.flags)
    if step is None:
      return room.Need(room.USUAL_MB, "as usual", False)
    return room.Need(self._base_mb + step, "by an estimate")


def _key(run):
  sizes = (
    (name, value)
    for name, value in run.bindings.items()
    if name.rpartition(".")[2] not in _NO_SIZES
  )
  return tuple(sizes), run.imports


def step_mb(run: plan_lib.Run, flags: Iterable[str] = ()) -> Optional[float]:
  """Returns the megabytes of a run's training on a CPU; None if unknown."""
  from compare_gan.context import scope
  from compare_gan.datasets import catalogue
  from compare_gan.storage import model_dir
  import tensorflow as tf

  with gin_state.own_gin():
    try:
      gin_files.parse(
        bindings=[
          *bindings_lib.text(run.bindings, run.imports).splitlines(),
          *scores.lines_of_flags(flags),
        ]
      )
      with tf.Graph().as_default(), scope.building(valueless=True):
        dataset = catalogue.dataset()
        with tf.name_scope("gan"):  # Names at the root cannot begin with "_".
          gan = model_dir.make_gan(dataset)
        needed = step_memory.training_bytes(
          gan.train_step,
          memory_check.specs(gan),
          gan.variables,
          gives_back=allocation.gives_back(gan.options.recompute),
        )
        needed += dataset.bytes_in_memory("train")
    # A user's own GAN may read values of variables or files that do not exist
    # here. If something is wrong with it, the run itself reports it.
    except Exception:  # noqa: BLE001
      return None
  return needed / 2**20


def trains_on_host(flags: Iterable[str], has_gpus: bool) -> bool:
  """Returns whether runs train on the host's processor, in its memory."""
  device = "auto"
  words = iter(flags)
  for word in words:
    name, equals, value = word.lstrip("-").partition("=")
    if word.startswith("-") and name == "run_config":
      device = value if equals else next(words, device)
  if has_gpus and device == "auto":
    return False
  return device in devices.names() and devices.find(device).uses_host_memory()
