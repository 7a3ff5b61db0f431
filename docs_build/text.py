"""Docstrings as Markdown."""

import inspect
import re

_ADDRESS = re.compile(
  r"(?:https://)?arxiv\.org/abs/([\w./-]*\w)|https://[^\s)>]+"
)
_SPECIAL = re.compile(r"([\\*_\[\]{}|#])")
_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):\s*$", re.M)


def escaped(text: str) -> str:
  """Returns the Markdown that shows a text as it is.

  `Code` in backticks stays code, and addresses become links.
  """
  parts = text.split("`")
  if len(parts) % 2 == 0:  # A single backtick is no code.
    return _plain(text.replace("`", "'"))
  return "".join(
    f"`{part}`" if i % 2 else _plain(part) for i, part in enumerate(parts)
  )


def _plain(text):
  """Returns the Markdown of a text outside of code."""
  done, at = [], 0
  for match in _ADDRESS.finditer(text):
    done.append(_without_markup(text[at : match.start()]))
    if match[1]:
      done.append(link_to_paper(f"https://arxiv.org/abs/{match[1]}"))
    else:
      done.append(f"<{match[0]}>")
    at = match.end()
  return "".join(done) + _without_markup(text[at:])


def _without_markup(text):
  # Python-Markdown knows no backslash before these.
  text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
  return _SPECIAL.sub(r"\\\1", text)


def link_to_paper(address: str) -> str:
  """Returns a Markdown link for an address of arXiv."""
  return f"[arXiv:{address.rpartition('/abs/')[2]}]({address})"


def code(text: str) -> str:
  """Returns Markdown for code, which may hold backticks."""
  return f"`` {text} ``" if "`" in text else f"`{text}`"


def description(docstring: str) -> str:
  """Returns Markdown of a docstring up to its list of arguments."""
  return from_docstring(_SECTION.split(docstring)[0])


def whole_docstring(docstring: str) -> str:
  """Returns a docstring whose texts are Markdown, and its sections as before.

  A section is "Args:" and so on; mkdocstrings makes lists of them.
  """
  found = _SECTION.search(docstring)
  if not found:
    return from_docstring(docstring)
  sections = docstring[found.start() :]
  return f"{from_docstring(docstring[: found.start()])}\n\n{sections}"


def from_docstring(text: str) -> str:
  """Returns Markdown of a docstring; what is indented is code."""
  blocks = []
  for block in re.split(r"\n\s*\n", text.strip("\n")):
    lines = block.splitlines()
    if all(line.startswith("  ") for line in lines):
      blocks.append("```text\n" + inspect.cleandoc("\n" + block) + "\n```")
    elif any(line.startswith("  ") for line in lines):
      blocks.append("```text\n" + block + "\n```")
    else:
      blocks.append(escaped(" ".join(lines)))
  return "\n\n".join(blocks)


def table(head: list[str], rows: list[list[str]]) -> str:
  """Returns a Markdown table of cells that are Markdown."""
  lines = [head, ["---"] * len(head), *rows]
  return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
