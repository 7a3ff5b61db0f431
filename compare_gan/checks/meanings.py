"""What docstrings say of parameters: meanings, and papers.

A parameter is described once. A class need not describe what its base classes
do, and a docstring may point to another one by its name in Python or in gin:

  Args:
    weights, reduction: as for absolute_difference.
    temperature: as for ClassifierHead; the twin is divided by it, too.
"""

import inspect
import re
import sys
from typing import Any

from compare_gan.checks import known

_SECTION = re.compile(r"^(Args|Attributes):\s*$", re.MULTILINE)
_ENTRY = re.compile(r"^  ([\w*]+(?:, [\w*]+)*):\s*(.*)$")
_NAMES_GO_ON = re.compile(r"^(  [\w*]+(?:, [\w*]+)*,)\n +", re.MULTILINE)
_POINTER = re.compile(r"as (?:for|in) `?([A-Za-z_]\w*(?:\.\w+)*)`?")
_ABOVE = "See above"
_ARXIV = re.compile(r"arxiv\.org/abs/(\d{4}\.\d{4,5}|[a-z-]+/\d{7})")


def of_parameter(made: Any, name: str) -> str:
  """Returns the sentence on a parameter, "" if no docstring has one.

  Args:
    made: a function or class; its bases are asked too.
    name: of the parameter.
  """
  return _found(made, name, asked=())


def _found(made, name, asked):
  """Returns the sentence; `asked` are docstrings that point to this one."""
  classes = inspect.getmro(made) if inspect.isclass(made) else (made,)
  for one in classes:
    text = _entries(vars(one).get("__doc__") if classes[1:] else one.__doc__)
    if name in text:
      return _followed(text[name], one, name, (*asked, made, one))
  return ""


def _followed(text, made, name, asked):
  """Returns a sentence, what it points to being put in its place."""
  match = _POINTER.match(text)
  other = _named(match[1], made) if match else None
  if match is None or other is None or other in asked:
    return text
  meaning = _found(other, name, asked)
  return meaning.rstrip(".") + text[match.end() :] if meaning else text


def _named(name, made):
  """Returns the function or class that a docstring calls by a name."""
  module = sys.modules.get(getattr(made, "__module__", "") or "")
  found = getattr(module, name, None)
  if inspect.isclass(found) or inspect.isfunction(found):
    return inspect.unwrap(found)
  one = known.find_or_none(name)
  return one.made if one else None


def _entries(docstring) -> dict[str, str]:
  """Returns {parameter: text} of the Args or Attributes of a docstring."""
  text = inspect.cleandoc(docstring or "")
  match = _SECTION.search(text)
  if not match:
    return {}
  found: dict[str, list[str]] = {}
  names: list[str] = []
  section = _NAMES_GO_ON.sub(r"\1 ", text[match.end() :])
  for line in section.strip("\n").splitlines():
    if line and not line.startswith(" "):
      break  # The next section.
    entry = _ENTRY.match(line)
    if entry:
      names = entry[1].replace("*", "").split(", ")
    for name in names:
      found.setdefault(name, []).append(entry[2] if entry else line.strip())
  return {name: " ".join(filter(None, x)) for name, x in found.items()}


def docstring(made: Any) -> str:
  """Returns a docstring; "See above" becomes the first line of its file."""
  text = inspect.getdoc(made) or ""
  if not text.startswith(_ABOVE):
    return text
  module = sys.modules[made.__module__]
  first = (inspect.getdoc(module) or "").partition("\n")[0]
  return first.rstrip(".") + text[len(_ABOVE) :]


def summary(made: Any) -> str:
  """Returns the first line of a docstring."""
  return docstring(made).partition("\n")[0]


def papers(made: Any) -> list[str]:
  """Returns the arXiv addresses in a docstring, else those of its file."""
  module = sys.modules.get(getattr(made, "__module__", "") or "")
  for text in (inspect.getdoc(made), getattr(module, "__doc__", "")):
    found = _ARXIV.findall(text or "")
    if found:
      return [f"https://arxiv.org/abs/{one}" for one in dict.fromkeys(found)]
  return []
