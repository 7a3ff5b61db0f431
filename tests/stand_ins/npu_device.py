"""The double of npu_device for processes: PYTHONPATH names this folder.

NPU_DOUBLE_FAILS is the reason for which no card answers, NPU_DOUBLE_LOG a file
for what the double has seen: JSON, written as the process ends.
"""

import atexit
import json
import os
import pathlib
import sys

# Where a checkout is not installed, its tests are no package that Python finds.
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent))

from tests import npu_double  # noqa: E402

_installed = npu_double.installed()
# It puts the double in this module's place.
_double = _installed.__enter__()
_fails = os.environ.get("NPU_DOUBLE_FAILS")


def _open(device_id=None):
  raise RuntimeError(_fails)


def _write_log():
  log = {
    "card": _double.handle and _double.handle.device_id,
    "loops": _double.loops,
    "options": _double.options_set,
  }
  pathlib.Path(os.environ["NPU_DOUBLE_LOG"]).write_text(json.dumps(log))


if _fails:
  sys.modules["npu_device"].open = _open
if "NPU_DOUBLE_LOG" in os.environ:
  atexit.register(_write_log)
