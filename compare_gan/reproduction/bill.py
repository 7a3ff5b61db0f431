"""The bill of materials of a training: what its numbers may depend on.

  bill.json    in a model_dir: one entry for each start, {"form", "starts"}

A training that was continued on another machine has two entries. What other
files of a model_dir say is not said again: the gin bindings of each start are
in operative_config-<step>.gin, the seed and the images' shape in model.json,
and the protocol of each score in scores.jsonl.

A model_dir of an earlier version has no bill; `read` then returns no entries.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import datetime
import hashlib
import json
import os
import platform
import socket
import sys
import sysconfig
from typing import Any
import warnings

import compare_gan
from compare_gan.context import cpu as cpu_lib
from compare_gan.context import precision
from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import cards
from compare_gan.features import fingerprint
from compare_gan.storage import checkpoints
from compare_gan.storage import files
import numpy as np
import tensorflow as tf

FILE = "bill.json"
FORM = 1

Entry = dict[str, Any]

# Instructions that decide in which order a CPU adds, and with how many digits.
_ROUNDING = (
  "sse4_2",
  "avx",
  "avx2",
  "fma",
  "f16c",
  "avx512f",
  "avx512_vnni",
  "avx512_bf16",
  "avx512_fp16",
  "amx_bf16",
  "amx_int8",
  "amx_fp16",
  "asimd",
  "sve",
  "bf16",
)
# Variables that change numbers, or the order in which they are added.
SETTABLE = (
  "DNNL_DEFAULT_FPMATH_MODE",
  "DNNL_MAX_CPU_ISA",
  "KMP_BLOCKTIME",
  "MKL_CBWR",
  "MKL_NUM_THREADS",
  "NVIDIA_TF32_OVERRIDE",
  "OMP_NUM_THREADS",
  "ONEDNN_DEFAULT_FPMATH_MODE",
  "ONEDNN_MAX_CPU_ISA",
  "OPENBLAS_CORETYPE",
  "OPENBLAS_NUM_THREADS",
  "TF_CUDNN_DETERMINISTIC",
  "TF_CUDNN_USE_AUTOTUNE",
  "TF_DETERMINISTIC_OPS",
  "TF_DISABLE_MKL",
  "TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32",
  "TF_ENABLE_ONEDNN_OPTS",
  "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS",
  "TF_SET_ONEDNN_FPMATH_MODE",
  "TF_XLA_FLAGS",
  "XLA_FLAGS",
)
# What a program sets, or else these variables; 0 for as many as cores.
THREADS = {
  "intra_op": "TF_NUM_INTRAOP_THREADS",
  "inter_op": "TF_NUM_INTEROP_THREADS",
}
# They say which machine and which of its devices: another one has others.
_OF_THE_MACHINE = ("CUDA_VISIBLE_DEVICES",)

# All training images are hashed up to this size, a sample of larger ones:
# nobody wants to wait for the first step while a million images are read.
_MOST_BYTES = 16 * 2**20
SAMPLE = "a sample"  # "of", in "data"


def entry(step: int, devices: Any, dataset: Any, init_from: str = "") -> Entry:
  """Returns what a start of a training is made of; call it in its precision.

  Args:
    step: at which it starts.
    devices: what `devices.choose` returned.
    dataset: an AbstractDataset.
    init_from: `options.init_from`, whose content is told apart.
  """
  return {
    "step": step,
    "started": _now(),
    "host": socket.gethostname(),
    "versions": _versions(),
    "cpu": cpu(),
    "device": _device(devices),
    "threads": _threads(),
    "environment": _environment(os.environ),
    "command": list(sys.argv),
    "data": _data(dataset),
    "own_code": own_code(),
    **({"init_from": _digest_of_index(init_from)} if init_from else {}),
  }


def add(model_dir: str, new: Entry, resumes: bool) -> None:
  """Adds the entry of a start to bill.json.

  Entries of later starts, whose checkpoints were damaged or never written, are
  dropped. The first variables are those of the first start at step 0.

  Args:
    model_dir: of the training; it exists.
    new: what `entry` returned.
    resumes: whether the training has a checkpoint.
  """
  before = read(model_dir) if resumes else []
  kept = [one for one in before if one["step"] < new["step"]]
  if new["step"] == 0:
    kept = before[:1]
  text = json.dumps({"form": FORM, "starts": [*kept, new]}, indent=1)
  files.write_text(os.path.join(model_dir, FILE), text + "\n")


def read(model_dir: str) -> list[Entry]:
  """Returns the entries of a model_dir, none if there is no bill."""
  path = os.path.join(model_dir, FILE)
  text = files.read_text_if_any(path)
  if text is None:
    return []
  try:
    return json.loads(text)["starts"]
  except (ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f"{path} is no bill of this version ({error}). Remove it to do without."
    ) from error


def summary(one: Entry) -> dict[str, str]:
  """Returns the parts of an entry that trackers are told."""
  versions = {f"bill.{name}": text for name, text in one["versions"].items()}
  return {
    **versions,
    "bill.cpu": one["cpu"]["model"],
    "bill.device": one["device"]["kind"],
    "bill.host": one["host"],
    "bill.data": one["data"].get("digest", ""),
  }


def _now():
  now = datetime.datetime.now(datetime.timezone.utc)
  return now.replace(microsecond=0).isoformat()


def _versions():
  return {
    "python": platform.python_version(),
    "tensorflow": tf.__version__,
    "numpy": np.__version__,
    "compare_gan": cards.code_version(),
    # It tells changes that nobody has committed, or of an installed copy.
    "compare_gan_sources": _digest_of_files(_files_of_the_library()),
  }


# ---- The machine -------------------------------------------------------------


def cpu(path: str = cpu_lib.PATH) -> dict[str, Any]:
  """Returns the model of the CPU, and what it has that changes rounding."""
  flags = cpu_lib.flags(path)
  return {
    "model": cpu_lib.model(path) or "unknown",
    "architecture": platform.machine(),
    "flags": [flag for flag in _ROUNDING if flag in flags],
  }


def _device(devices):
  return {
    "kind": devices.device_kind or type(devices).__name__,
    "replicas": devices.num_replicas(),
    "precision": precision.compute_dtype().name,
    "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
    "accelerators": _accelerators(),
  }


def _accelerators():
  found = []
  for device in tf.config.list_physical_devices():
    if device.device_type != "CPU":
      try:
        details = tf.config.experimental.get_device_details(device)
      except (ValueError, tf.errors.OpError):
        details = {}
      found.append(details.get("device_name", device.device_type))
  return sorted(found)


def _threads():
  cores = (
    len(os.sched_getaffinity(0))
    if hasattr(os, "sched_getaffinity")
    else os.cpu_count()
  )
  return {
    "cores": cores,
    "intra_op": tf.config.threading.get_intra_op_parallelism_threads()
    or _number(THREADS["intra_op"]),
    "inter_op": tf.config.threading.get_inter_op_parallelism_threads()
    or _number(THREADS["inter_op"]),
  }


def _number(variable):
  text = os.environ.get(variable, "")
  return int(text) if text.isdecimal() else 0


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
  """Returns the variables that change numbers. Others may be secret."""
  return {
    name: environment[name]
    for name in sorted((*SETTABLE, *_OF_THE_MACHINE))
    if name in environment
  }


# ---- The data ----------------------------------------------------------------


def _data(dataset: abstract_dataset.AbstractDataset) -> dict[str, Any]:
  """Returns the identity of the training images, by their content."""
  try:
    count = dataset.size("train")
    bytes_of_all = count * int(np.prod(dataset.image_shape))
    if bytes_of_all > _MOST_BYTES:
      digest, read = fingerprint.fingerprint(dataset, ["train"]), SAMPLE
    else:
      found = fingerprint.content(dataset, "train", count)
      digest, read = f"{found.images} {found.labels}", "all images"
  except Exception as error:  # noqa: BLE001, no reason to end a training
    warnings.warn(
      f"{FILE} cannot tell the training images apart: {error}", stacklevel=2
    )
    name = getattr(dataset, "name", type(dataset).__name__)
    return {"name": name, "unknown": str(error)}
  return {"name": dataset.name, "count": count, "digest": digest, "of": read}


def _digest_of_index(path):
  """Returns a digest of a checkpoint: its index has checksums of all values.

  Args:
    path: `options.init_from`, a prefix, a model_dir or an exported model.
  """
  steps = checkpoints.all_steps(path) if os.path.isdir(path) else []
  candidates = [
    f"{path}.index",
    os.path.join(path, "variables", "variables.index"),
    *(
      os.path.join(path, f"model.ckpt-{step}.index")
      for step in sorted(steps)[-1:]
    ),
  ]
  found = [index for index in candidates if os.path.isfile(index)]
  return _digest_of_files(found) if found else "unknown"


# ---- The code ----------------------------------------------------------------


def own_code() -> dict[str, str]:
  """Returns {module: digest of its file} of the user's own code.

  That is all imported modules with a file that is neither Python's, nor
  compare_gan's, nor in an installed package: gin's `import my_package.my_loss`,
  and what this imports.
  """
  found = {}
  for name, module in sorted(sys.modules.items()):
    path = getattr(module, "__file__", None)
    if isinstance(path, str) and path.endswith(".py") and _is_own(path):
      found[name] = _digest_of_files([path])
  return found


def _is_own(path: str) -> bool:
  path = os.path.abspath(path)
  return os.path.isfile(path) and not (
    os.path.basename(path).startswith("__autograph_generated")
    or "site-packages" in path
    or "dist-packages" in path
    or path.startswith(_NOT_OWN)
  )


_PACKAGE = os.path.dirname(os.path.abspath(compare_gan.__file__))
_NOT_OWN = tuple(
  os.path.join(os.path.abspath(folder), "")
  for folder in (
    _PACKAGE,
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("platstdlib"),
  )
)


def _files_of_the_library() -> Iterator[str]:
  for folder, folders, names in os.walk(_PACKAGE):
    folders.sort()
    for name in sorted(names):
      if name.endswith(".py"):
        yield os.path.join(folder, name)


def _digest_of_files(paths) -> str:
  """Returns 12 hex digits of the content of files, in order.

  No training ends because one of them cannot be read.
  """
  whole = hashlib.sha256()
  try:
    for path in paths:
      # Not by files.read_bytes: nothing is lost if it fails.
      with open(path, "rb") as file:
        whole.update(hashlib.sha256(file.read()).digest())
  except OSError as error:
    return f"unknown: {error}"
  return whole.hexdigest()[:12]
