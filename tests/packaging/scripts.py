"""The scripts of .ci/ and docker/, which are no package, and setup.py."""

import importlib.util
import pathlib
import runpy
import sys
from unittest import mock

import setuptools

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(path: str):
  """Returns the script as a module; `path` is relative to the checkout."""
  name = f"script_{pathlib.Path(path).stem}"
  spec = importlib.util.spec_from_file_location(name, ROOT / path)
  module = importlib.util.module_from_spec(spec)
  sys.modules[name] = module  # NamedTuple looks its module up.
  spec.loader.exec_module(module)
  return module


def setup_arguments() -> dict:
  """Returns what setup.py hands to setuptools.setup."""
  with mock.patch.object(setuptools, "setup") as setup:
    runpy.run_path(str(ROOT / "setup.py"))
  return setup.call_args.kwargs
