"""The notebooks run, with few steps, from a plain shell and without a network.

Their code cells are run one after another by Python itself: none of them needs
Jupyter.
"""

import json
import pathlib
import re

import pytest

from tests import plain_shell

_NOTEBOOKS = sorted((plain_shell.ROOT / "notebooks").glob("*.ipynb"))
_NAMES = [path.stem for path in _NOTEBOOKS]


def _cells(path: pathlib.Path) -> list[dict]:
  return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _code(path: pathlib.Path) -> list[str]:
  return [
    "".join(cell["source"])
    for cell in _cells(path)
    if cell["cell_type"] == "code"
  ]


def test_all_are_there():
  assert [name[0] for name in _NAMES] == list("123456")


@pytest.mark.long
@pytest.mark.parametrize("path", _NOTEBOOKS, ids=_NAMES)
def test_cells_run(path, tmp_path):
  script = tmp_path / f"{path.stem}.py"
  script.write_text("\n\n".join(_code(path)), encoding="utf-8")
  more = {"SHORT": 1, "MPLBACKEND": "agg", "PYTHONPATH": plain_shell.ROOT}
  done = plain_shell.run(
    [script], plain_shell.ROOT / "notebooks", TMPDIR=tmp_path, **more
  )
  assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=_NAMES)
def test_outputs_are_stripped(path):
  for cell in _cells(path):
    assert not cell.get("outputs") and cell.get("execution_count") is None


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=_NAMES)
def test_each_begins_with_a_title_and_the_same_installation(path):
  first, second = _cells(path)[:2]
  assert re.match(r"# \S", first["source"][0])
  assert "".join(second["source"]) == _code(_NOTEBOOKS[0])[0]
  assert 'if "google.colab" in sys.modules:' in "".join(second["source"])


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=_NAMES)
def test_links_lead_to_files(path):
  for cell in _cells(path):
    if cell["cell_type"] == "markdown":
      for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", "".join(cell["source"])):
        assert (path.parent / link).exists(), link
