"""The conda recipe asks for what setup.py asks for."""

from packaging import requirements
from packaging import specifiers
import yaml

from tests.packaging import scripts

# conda's names of packages that have another one on PyPI; "matplotlib" there
# brings a GUI along.
_CONDA = {"matplotlib": "matplotlib-base"}


def _recipe():
  path = scripts.ROOT / "recipe" / "recipe.yaml"
  return yaml.safe_load(path.read_text(encoding="utf-8"))


def _of_conda(line):
  """Returns the name and the limits of "numpy >=1.19"."""
  name, _, limits = line.partition(" ")
  return name, specifiers.SpecifierSet(limits)


def _of_pip(line):
  found = requirements.Requirement(line)
  assert found.marker is None and not found.extras, line
  name = found.name.lower()
  return _CONDA.get(name, name), found.specifier


def test_requirements_are_those_of_setup_py():
  python, *run = _recipe()["requirements"]["run"]
  assert python == "python >=${{ python_min }}"
  wanted = dict(map(_of_pip, scripts.setup_arguments()["install_requires"]))
  assert dict(map(_of_conda, run)) == wanted


def test_its_python_is_one_that_setup_py_allows():
  allowed = specifiers.SpecifierSet(
    scripts.setup_arguments()["python_requires"]
  )
  assert allowed.contains(_recipe()["context"]["python_min"])


def test_program_and_license_are_those_of_setup_py():
  recipe, arguments = _recipe(), scripts.setup_arguments()
  assert recipe["package"]["name"] == arguments["name"]
  assert recipe["about"]["license"] == arguments["license"]
  assert (
    recipe["build"]["python"]["entry_points"]
    == arguments["entry_points"]["console_scripts"]
  )
