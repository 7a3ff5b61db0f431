"""README and docs name no command line that is neither run nor excused."""

import re

from tests import plain_shell
from tests.front_door import lines

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_SHELLS = ("", "bash", "sh", "shell", "console")
_STARTS = re.compile(
  r"(?:[A-Z][A-Z0-9_]*=\S+ )*(?:srun )?"
  r"(?:python3? -m|make|bash|pip install|compare_gan) "
)


def command_lines(text: str) -> set[str]:
  """Returns the command lines of a Markdown text, as `tidy` leaves them."""
  found = []
  for _, language, body in _FENCE.findall(text):
    if language in _SHELLS:
      found += re.sub(r"\\\n\s*", " ", body).splitlines()
  found += _INLINE.findall(_FENCE.sub("", text))
  return {tidy(line) for line in found if _STARTS.match(tidy(line))}


def tidy(line: str) -> str:
  """Returns a line without prompt, comment and what leads its output away."""
  line = re.sub(r"\s+#\s.*$", "", line.strip().removeprefix("$ "))
  line = re.sub(r"( > \S+)?( 2>&1)?( &)?$", "", line)
  return " ".join(line.split())


def _documents():
  root = plain_shell.ROOT
  yield from (root / "README.md", root / "CONTRIBUTING.md")
  yield from sorted(root.glob("docs/**/*.md"))


def _documented():
  return {
    line: path.name
    for path in _documents()
    for line in command_lines(path.read_text(encoding="utf-8"))
  }


def test_every_line_of_the_documents_is_run_or_excused():
  run = {text for line in lines.LINES for text in line.documents}
  unknown = {
    line: name
    for line, name in _documented().items()
    if line not in run and line not in lines.NOT_RUN
  }
  assert not unknown, "Add them to tests/front_door/lines.py."


def test_nothing_is_said_to_be_in_documents_that_is_not():
  documented = _documented()
  stale = [
    text
    for text in (
      *(text for line in lines.LINES for text in line.documents),
      *lines.NOT_RUN,
    )
    if text not in documented
  ]
  assert not stale


def test_lines_have_names_of_their_own_and_known_forerunners():
  names = [line.name for line in lines.LINES]
  assert len(set(names)) == len(names)
  assert {name for line in lines.LINES for name in line.after} <= {*names}


def test_an_excuse_is_a_reason():
  assert all(len(reason) > 10 for reason in lines.NOT_RUN.values())


def test_command_lines_are_found():
  text = (
    "Do `make x`, not `makes y`:\n```\n$ python -m a \\\n   --b=1  # why\n```\n"
    "```python\nmake = 1\n```\n"
  )
  assert command_lines(text) == {"make x", "python -m a --b=1"}
