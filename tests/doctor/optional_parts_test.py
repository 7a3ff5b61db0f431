"""The table of optional packages is that of setup.py and of our messages."""

import pathlib
import re

import compare_gan
from compare_gan.doctor import optional_parts
from compare_gan.doctor import requirements
from compare_gan.doctor.finding import Asked
import pytest

_PACKAGE = pathlib.Path(compare_gan.__file__).parent
_INSTALL = re.compile(r'pip install +(?:"\s*f?")?([\w.\[\],-]+)')


def test_each_extra_is_described_and_nothing_else():
  assert set(optional_parts.GIVES) == set(requirements.required().extras)


def test_packages_without_an_extra_are_those_that_messages_ask_for():
  """Each `pip install X` in the code is an extra, needed, or in the table."""
  asked_for = set()
  for path in _PACKAGE.rglob("*.py"):
    if path.relative_to(_PACKAGE).parts[0] != "doctor":
      asked_for |= set(_INSTALL.findall(path.read_text(encoding="utf-8")))
  asked_for = {name.rstrip(".,") for name in asked_for}
  required = requirements.required()
  known = {one.name for one in required.needed}
  for packages in required.extras.values():
    known |= {one.name for one in packages}
  known |= {f"compare_gan[{extra}]" for extra in required.extras}
  alone = asked_for - known
  # looks/map.py fills in the names of its table.
  from compare_gan.looks import map as map_lib

  alone |= {package for _, package in map_lib._NEEDS.values()}
  assert alone == set(optional_parts.ALONE)


def _required(**extras):
  return requirements.Required(
    requirements.required().python,
    [],
    {
      name: [requirements.Requirement(text) for text in texts]
      for name, texts in extras.items()
    },
  )


def test_an_extra_is_there_if_all_of_it_is():
  required = _required(there=["pytest"], lacking=["pytest", "no-such-package"])
  there, lacking = optional_parts.of_extras(
    required, {"there": "this", "lacking": "that"}
  )
  assert there.state == "ok" and there.found.startswith("this: pytest ")
  assert lacking.state == "absent"
  assert lacking.found == "not installed: no-such-package"
  assert lacking.advice == "pip install compare_gan[lacking] gives that."


def test_many_packages_are_counted():
  names = [f"no-such-package-{i}" for i in range(9)]
  [one] = optional_parts.of_extras(_required(gpu=names), {"gpu": "speed"})
  assert one.found == "not installed: no-such-package-0 and 8 more"


@pytest.mark.versions("extras differ between Pythons")
def test_none_of_them_is_ever_wrong():
  found = optional_parts.look(Asked())
  assert {one.state for one in found} <= {"ok", "absent"}
