"""Which checkpoint a training was last known to be healthy at.

  healthy_checkpoint.json    {"step": 4000}

Removing old checkpoints leaves this one, whatever run_config.
keep_checkpoint_max says.
"""

import json
import os
from typing import Optional

from compare_gan.storage import files

_FILE = "healthy_checkpoint.json"


def mark(model_dir: str, step: int) -> None:
  """Marks the checkpoint of a step in place of the one before."""
  files.write_text(os.path.join(model_dir, _FILE), json.dumps({"step": step}))


def read(model_dir: str) -> Optional[int]:
  """Returns the step of the marked checkpoint, None if none is marked."""
  text = files.read_text_if_any(os.path.join(model_dir, _FILE))
  return None if text is None else json.loads(text)["step"]
