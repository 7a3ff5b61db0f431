"""What docstrings say of parameters: meanings, and papers."""

import inspect
import re
import sys
from typing import Any

_SECTION = re.compile(r"^(Args|Attributes):\s*$", re.MULTILINE)
_ENTRY = re.compile(r"^  ([\w*]+(?:, [\w*]+)*):\s*(.*)$")
_ARXIV = re.compile(r"arxiv\.org/abs/(\d{4}\.\d{4,5}|[a-z-]+/\d{7})")


def of_parameter(made: Any, name: str) -> str:
  """Returns the sentence on a parameter, "" if no docstring has one.

  Args:
    made: a function or class; its bases are asked too.
    name: of the parameter.
  """
  classes = inspect.getmro(made) if inspect.isclass(made) else (made,)
  for one in classes:
    text = _entries(vars(one).get("__doc__") if classes[1:] else one.__doc__)
    if name in text:
      return text[name]
  return ""


def _entries(docstring) -> dict[str, str]:
  """Returns {parameter: text} of the Args or Attributes of a docstring."""
  text = inspect.cleandoc(docstring or "")
  match = _SECTION.search(text)
  if not match:
    return {}
  found: dict[str, list[str]] = {}
  names: list[str] = []
  for line in text[match.end() :].strip("\n").splitlines():
    if line and not line.startswith(" "):
      break  # The next section.
    entry = _ENTRY.match(line)
    if entry:
      names = entry[1].replace("*", "").split(", ")
    for name in names:
      found.setdefault(name, []).append(entry[2] if entry else line.strip())
  return {name: " ".join(filter(None, x)) for name, x in found.items()}


def summary(made: Any) -> str:
  """Returns the first line of a docstring."""
  return (inspect.getdoc(made) or "").partition("\n")[0]


def papers(made: Any) -> list[str]:
  """Returns the arXiv addresses in a docstring, else those of its file."""
  module = sys.modules.get(getattr(made, "__module__", "") or "")
  for text in (inspect.getdoc(made), getattr(module, "__doc__", "")):
    found = _ARXIV.findall(text or "")
    if found:
      return [f"https://arxiv.org/abs/{one}" for one in dict.fromkeys(found)]
  return []
