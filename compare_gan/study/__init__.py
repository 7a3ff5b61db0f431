"""Studies: from one gin file to a report, see docs/studies.md.

define says what is to be run, run does it, and report reads what has come out.
Runs are processes of compare_gan.main; a plan looks at what they will be.
"""

import importlib
import warnings


def __getattr__(name):
  """Returns the table of a study, which stood here once."""
  if name != "table":
    raise AttributeError(f"compare_gan.study has no {name}.")
  warnings.warn(
    "compare_gan.study.table is compare_gan.study.run.table now.",
    DeprecationWarning,
    stacklevel=2,
  )
  return importlib.import_module("compare_gan.study.run.table")
