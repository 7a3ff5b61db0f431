"""What memory a run needs, before it is started.

A run trains as `compare_gan.main` does, whose estimate is of one step, traced
and not run, with variables that take no memory. On top comes what a process
with TensorFlow has before it does anything. What an evaluation takes is not
counted: it comes when the step's memory is free again. Neither is what a
dataset keeps in memory.
"""

from collections.abc import Iterable
import importlib.util
from typing import Optional

from compare_gan.configuration import gin_files
from compare_gan.memory import memory_check
from compare_gan.memory import memory_limit
from compare_gan.memory import step_memory
from compare_gan.study.define import bindings as bindings_lib
from compare_gan.study.define import definition
from compare_gan.study.define import plan as plan_lib
from compare_gan.study.define import scores
from compare_gan.study.run import room

_BASE_MB = 600  # TensorFlow 2.21 when it has been imported; 2.6: 400
# Numbers that no tensor's size depends on: one estimate serves all of them.
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
  """Returns the Need of a run; it is worked out once for equal sizes.

  Args:
    study: whose runs they are.
    has_gpus: whether the runs are given GPUs.
  """

  def __init__(self, study: definition.Study, has_gpus: bool = False) -> None:
    self._study = study
    self._on_host = trains_on_host(study.flags, has_gpus)
    resident = memory_limit.resident()
    # This process has imported TensorFlow too, and hardly more so far.
    self._base_mb = resident / 2**20 if resident else _BASE_MB
    self._known = {}

  def __call__(self, run: plan_lib.Run) -> room.Need:
    if self._study.memory_mb:
      return room.Need(self._study.memory_mb, "by study.memory_mb", False)
    if not self._on_host:
      return room.Need(room.USUAL_MB, "as is usual beside a card", False)
    key = _key(run)
    if key not in self._known:
      self._known[key] = self._estimate(run)
    return self._known[key]

  def _estimate(self, run):
    step = of_step_mb(run, self._study.flags)
    if step is None:
      return room.Need(room.USUAL_MB, "as is usual", False)
    return room.Need(self._base_mb + step, "by an estimate")


def _key(run):
  sizes = (
    (name, value)
    for name, value in run.bindings.items()
    if name.rpartition(".")[2] not in _NO_SIZES
  )
  return tuple(sizes), run.imports


def of_step_mb(run: plan_lib.Run, flags: Iterable[str] = ()) -> Optional[float]:
  """Returns the megabytes of a run's training on a CPU; None if unknown."""
  from compare_gan.context import scope
  from compare_gan.datasets import catalogue
  from compare_gan.storage import model_dir
  import tensorflow as tf

  with bindings_lib.own_gin():
    try:
      gin_files.parse(
        bindings=[
          *bindings_lib.text(run.bindings, run.imports).splitlines(),
          *scores.lines_of_flags(flags),
        ]
      )
      with tf.Graph().as_default(), scope.building(valueless=True):
        with tf.name_scope("gan"):  # At the root no name begins with "_".
          gan = model_dir.make_gan(catalogue.dataset())
        needed = step_memory.of_training(
          gan.train_step, memory_check.specs(gan), gan.variables
        )
    # A GAN of one's own may ask for values, or for what is not here. The run
    # itself says what is wrong with it.
    except Exception:  # noqa: BLE001
      return None
  return needed / 2**20


def trains_on_host(flags: Iterable[str], has_gpus: bool) -> bool:
  """Returns whether runs train in the memory of the host, on its processor."""
  device = "auto"
  words = iter(flags)
  for word in words:
    name, equals, value = word.lstrip("-").partition("=")
    if word.startswith("-") and name == "run_config":
      device = value if equals else next(words, device)
  if device != "auto":
    return device == "cpu"
  return not has_gpus and importlib.util.find_spec("npu_device") is None
