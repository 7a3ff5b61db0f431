"""What a training would run on, and how much memory that has."""

from collections.abc import Sequence
import dataclasses
import json
import re
import subprocess
import sys
from typing import Optional

from compare_gan.estimator.devices import native_precision
from compare_gan.fit import child
from compare_gan.memory import memory_check
import tensorflow as tf

KINDS = ("auto", "cpu", "gpu")
_UNITS = {
  "MB": 10**6,
  "GB": 10**9,
  "TB": 10**12,
  "MIB": 2**20,
  "GIB": 2**30,
  "TIB": 2**40,
}


@dataclasses.dataclass(frozen=True)
class Machine:
  """What trainings run on.

  Attributes:
    kind: "cpu" or "gpu", for --run_config.
    replicas: how many GPUs share a batch.
    precision: the lowest that it multiplies natively.
    why: a clause on the precision.
  """

  kind: str
  replicas: int
  precision: str
  why: str

  @property
  def on_gpu(self) -> bool:
    return self.kind == "gpu"


def find(kind: str = "auto") -> Machine:
  """Returns the Machine for `--run_config=kind`; hides GPUs from this process.

  TensorFlow would take their memory, which the timed steps need.
  """
  if kind not in KINDS:
    raise ValueError(
      f"--run_config={kind}. Memory and time are measured on "
      f"{', '.join(KINDS)} only."
    )
  gpus = len(tf.config.get_visible_devices("GPU"))
  if kind == "gpu" and not gpus:
    raise ValueError(
      "--run_config=gpu, but TensorFlow sees no GPU. Use --run_config=cpu, or "
      "install compare_gan[gpu]."
    )
  on_gpu = gpus > 0 and kind != "cpu"
  tf.config.set_visible_devices([], "GPU")
  if on_gpu:
    return Machine("gpu", gpus, *_ask_a_child())
  return Machine("cpu", 1, *native_precision.choose(["CPU:0"]))


def _ask_a_child() -> Sequence[str]:
  """Returns the precision of the GPU, and why, found by another process."""
  code = (
    "import json; from compare_gan.estimator.devices import native_precision;"
    "print(json.dumps(native_precision.choose(['GPU:0'])))"
  )
  done = subprocess.run(
    [sys.executable, "-c", code],
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
    env=child.environment(),
  )
  if done.returncode:
    return "float32", "TensorFlow could not be asked what the GPU multiplies"
  return json.loads(done.stdout.splitlines()[-1])


def bytes_of(text: Optional[str], on_gpu: bool) -> int:
  """Returns the bytes of `--ram=text`; None is what is free on this machine."""
  if text is None:
    found = memory_check.available_bytes(on_gpu)
    if found is None:
      raise ValueError(
        "The memory of the GPU is unknown, because there is no nvidia-smi. "
        "Set --ram, such as --ram=8GB."
      )
    return found
  match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", text)
  number, unit = match.groups() if match else ("0", "")
  size = int(float(number) * _UNITS.get(unit.upper(), 0))
  if not size:
    raise ValueError(
      f"--ram={text}. It must be a number above 0 with a unit: 8GB, 7.5GiB, "
      "500MB."
    )
  return size
