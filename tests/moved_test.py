"""Modules that documents have shown elsewhere are found where they stood."""

import importlib

import pytest


@pytest.mark.parametrize(
  "package,name,now",
  [
    ("compare_gan", "model_dir", "compare_gan.storage.model_dir"),
    ("compare_gan", "sampling", "compare_gan.evaluation.sampling"),
    ("compare_gan.study", "table", "compare_gan.study.run.table"),
  ],
)
def test_a_module_is_forwarded_with_a_note(package, name, now):
  with pytest.warns(DeprecationWarning, match=now.replace(".", r"\.")):
    found = getattr(importlib.import_module(package), name)
  assert found is importlib.import_module(now)


def test_functions_of_configuration_are_forwarded_with_a_note():
  from compare_gan import configuration
  from compare_gan.configuration import gin_files

  with pytest.warns(DeprecationWarning, match=r"moved to .*gin_files\.parse"):
    assert configuration.parse is gin_files.parse


@pytest.mark.parametrize(
  "package", ["compare_gan", "compare_gan.study", "compare_gan.configuration"]
)
def test_other_names_are_missing(package):
  assert not hasattr(importlib.import_module(package), "nowhere")
