"""A checkout that nobody installed trains; so does a wheel, which samples."""

import pathlib
import shutil
import subprocess
import sys

from compare_gan.bundles import shipped
import pytest

from tests import plain_shell
from tests.front_door import lines
from tests.front_door import place as place_lib

pytestmark = [
  pytest.mark.long,
  pytest.mark.versions("pip and setuptools differ, and what they install"),
]

_HERE = "print('This is', __file__)"


def _copy(folder: pathlib.Path) -> pathlib.Path:
  """Returns a copy of the checkout, in which the package says where it is."""
  copy = folder / "Kopie [8] ö"
  for part in ("compare_gan", "configs"):
    shutil.copytree(
      plain_shell.ROOT / part,
      copy / part,
      ignore=shutil.ignore_patterns("__pycache__"),
    )
  for name in ("setup.py", "pyproject.toml", "README.md"):
    shutil.copy(plain_shell.ROOT / name, copy / name)
  with open(copy / "compare_gan" / "__init__.py", "a") as file:
    file.write(f"{_HERE}\n")
  return copy


def _train(place: place_lib.Place, program: str) -> str:
  """Returns what a training of two steps printed."""
  line = lines.Line(
    "train",
    f"{program} {lines.CARD} --model_dir=lauf {lines.FEW}",
    leaves=("lauf/TRAIN_DONE",),
  )
  result = place.shell(line.runs)
  place_lib.check(line, result, place.folder)
  return result.stdout


def test_a_checkout_needs_no_installation(tmp_path):
  copy = _copy(tmp_path)
  printed = _train(
    place_lib.Place(tmp_path / "user"), f"python '{copy}/compare_gan/main.py'"
  )
  assert f"This is {copy}" in printed


def test_a_wheel_is_all_that_is_needed(tmp_path):
  copy, site = _copy(tmp_path), tmp_path / "site [9]"
  pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
  steps = (
    ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir=dist", "."],
    ["install", "--no-deps", f"--target={site}", "dist/compare_gan-*.whl"],
  )
  for words in steps:
    if "*" in words[-1]:
      [wheel] = (copy / "dist").glob("*.whl")
      words[-1] = str(wheel)
    done = subprocess.run(
      [*pip, *words],
      cwd=copy,
      env=plain_shell.environment(tmp_path),
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
      stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout
  shutil.rmtree(copy)
  place = place_lib.Place(tmp_path / "user", PYTHONPATH=str(site))
  printed = _train(place, "python -m compare_gan.main")
  assert f"This is {site}" in printed
  name = shipped.names()[0]
  line = lines.Line(
    "sample",
    f"python -m compare_gan sample --bundle={name} --n=4",
    leaves=("samples/grid.png",),
    says=("Wrote 4 images",),
  )
  place_lib.check(line, place.shell(line.runs), place.folder)
