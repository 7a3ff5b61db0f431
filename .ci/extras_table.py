"""The table of extras in docs/installation.md, from setup.py's EXTRAS.

python .ci/extras_table.py          exits with 1 if the document differs
python .ci/extras_table.py --write  writes it there
"""

import pathlib
import runpy
import sys
from unittest import mock

import setuptools

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "installation.md"
BEGIN = "<!-- extras: written by .ci/extras_table.py -->"
END = "<!-- end of extras -->"


def extras() -> dict[str, tuple[str, list[str]]]:
  """Returns EXTRAS of setup.py."""
  with mock.patch.object(setuptools, "setup"):
    return runpy.run_path(str(ROOT / "setup.py"))["EXTRAS"]


def table(found: dict[str, tuple[str, list[str]]]) -> str:
  """Returns the extras as a table of Markdown."""
  rows = ["| extra | for | installs |", "| --- | --- | --- |"]
  for name, (purpose, packages) in found.items():
    shown = ", ".join(f"`{each}`" for each in dict.fromkeys(packages))
    rows.append(f"| `{name}` | {purpose} | {shown} |")
  return "\n".join(rows)


def with_table(text: str, shown: str) -> str:
  """Returns a document with the table between its two marks."""
  before, _, rest = text.partition(BEGIN)
  _, mark, after = rest.partition(END)
  if not mark:
    raise ValueError(f"{DOCUMENT.name} lacks {BEGIN} or {END}.")
  return f"{before}{BEGIN}\n{shown}\n{END}{after}"


def main(words: list[str]) -> int:
  text = DOCUMENT.read_text(encoding="utf-8")
  new = with_table(text, table(extras()))
  if words == ["--write"]:
    DOCUMENT.write_text(new, encoding="utf-8")
  elif new != text:
    print(f"{DOCUMENT} differs: python .ci/extras_table.py --write")
    return 1
  return 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
