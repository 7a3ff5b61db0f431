"""Short texts that change when what they stand for changes."""

import hashlib
import json
import os
from typing import Any
from typing import Union


def digest(*values: Any) -> str:
  """Returns 16 letters for anything that JSON can hold."""
  text = json.dumps(values, sort_keys=True, default=str)
  return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def file_stamp(path: str) -> list[Union[str, int]]:
  """Returns values that change with a file: [absolute path, size, time]."""
  status = os.stat(path)
  return [os.path.abspath(path), status.st_size, status.st_mtime_ns]
