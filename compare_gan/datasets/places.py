"""The folders in which datasets and what was made of them are kept.

Nothing here needs TensorFlow: what only asks for a folder stays light.
"""

import os
import pathlib
from typing import Optional


def data_folder(data_dir: Optional[str] = None) -> pathlib.Path:
  """Returns the folder in which tensorflow-datasets keeps its data."""
  default = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
  return pathlib.Path(data_dir or default).expanduser()


def cache_folder() -> pathlib.Path:
  """Returns the folder of the cache, by default ~/.cache/compare_gan."""
  default = pathlib.Path.home() / ".cache" / "compare_gan"
  chosen = os.environ.get("COMPARE_GAN_CACHE") or default
  return pathlib.Path(chosen).expanduser()
