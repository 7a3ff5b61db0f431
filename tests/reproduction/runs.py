"""Model_dirs that look like those of trainings, without training."""

import copy
import json

from compare_gan.reproduction import bill
from compare_gan.storage import checkpoints
import numpy as np

ENTRY = {
  "step": 0,
  "started": "2026-01-01T00:00:00+00:00",
  "host": "a",
  "versions": {
    "python": "3.13.0",
    "tensorflow": "2.21.0",
    "numpy": "2.0",
    "compare_gan": "0.1.0+abc",
    "compare_gan_sources": "123",
  },
  "cpu": {"model": "A", "architecture": "x86_64", "flags": ["avx2"]},
  "device": {"kind": "cpu", "replicas": 1, "precision": "float32"},
  "threads": {"cores": 2, "intra_op": 0, "inter_op": 0},
  "environment": {"TF_ENABLE_ONEDNN_OPTS": "0"},
  "command": ["main.py"],
  "data": {"name": "noise", "count": 60, "digest": "d", "of": "all images"},
  "own_code": {"my.loss": "c0de"},
}


def entry(step=0, **changes):
  """Returns ENTRY with other facts: cpu={"model": "B"} changes one of them."""
  made = {**copy.deepcopy(ENTRY), "step": step}
  for name, value in changes.items():
    if isinstance(value, dict):
      made[name].update(value)
    else:
      made[name] = value
  return made


def write(
  folder, entries=(ENTRY,), seed=1, w=(3.0, 4.0), loss=0.5, configs=None
):
  """Writes a model_dir with checkpoints of steps 0 and 2; returns its path."""
  folder.mkdir()
  model = {"image_shape": [4, 4, 1], "num_classes": 0, "seed": seed}
  (folder / "model.json").write_text(json.dumps(model))
  for step, text in (configs or {0: "options.z_dim = 2\n"}).items():
    (folder / f"operative_config-{step}.gin").write_text(text)
  if entries:
    text = json.dumps({"form": 1, "starts": list(entries)})
    (folder / bill.FILE).write_text(text)
  for step, values in ((0, (3.0, 4.0)), (2, w)):
    tensors = {"w": np.array(values, np.float32), "global_step": np.int64(step)}
    checkpoints.write(str(folder), step, tensors)
  (folder / "scalars.csv").write_text(f"step,seconds,loss/g\n2,7.0,{loss}\n")
  return str(folder)
