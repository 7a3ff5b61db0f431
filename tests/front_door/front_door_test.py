"""Every line that users type does from a plain shell what it promises."""

import pytest

from tests import plain_shell
from tests.front_door import lines
from tests.front_door import place as place_lib

pytestmark = [
  pytest.mark.long,
  pytest.mark.versions("users start everything on every TensorFlow"),
]


@pytest.fixture(scope="session")
def place(tmp_path_factory):
  """A user with a checkout of compare_gan on PYTHONPATH."""
  folder = tmp_path_factory.mktemp("front door")
  return place_lib.Place(folder, PYTHONPATH=str(plain_shell.ROOT))


@pytest.mark.parametrize("line", lines.LINES, ids=lambda line: line.name)
def test_line(line, place):
  place_lib.check(line, place.run(line.name), place.folder)
