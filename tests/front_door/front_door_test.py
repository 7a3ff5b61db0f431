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


_BETWEEN = ("train", "goes_on", "eval_after_train")


def _marked(line):
  marks = [pytest.mark.between] * (line.name in _BETWEEN)
  marks += [pytest.mark.npu] * (lines.NPU in line.runs)
  return pytest.param(line, id=line.name, marks=marks)


@pytest.mark.parametrize("line", map(_marked, lines.LINES))
def test_line(line, place):
  place_lib.check(line, place.run(line.name), place.folder)
