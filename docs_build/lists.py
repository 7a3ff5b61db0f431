"""Lists as Python-Markdown reads them.

GitHub indents what belongs to an item by the width of its marker, 2 or 3
spaces; Python-Markdown wants 4, and a blank line before a list or a fence.
"""

import re

_ITEM = re.compile(r"([-*+]|\d+[.)])( +)(?=\S)")
_FENCE = re.compile(r"(```+|~~~+)")


def indented_by_four(text: str) -> str:
  """Returns the Markdown of a page with its lists changed."""
  lines: list[str] = []
  widths: list[int] = []  # what belongs to an item begins in this column
  fence = ""
  for line in text.splitlines():
    spaces = len(line) - len(line.lstrip(" "))
    body = line.strip()
    if not body:
      lines.append("")
      continue
    if fence:
      lines.append(_moved(line, widths))
      if body.startswith(fence):
        fence = ""
        lines.append("")
      continue
    before = len(widths)
    while widths and spaces < widths[-1]:
      widths.pop()
    item = _ITEM.match(body)
    opening = _FENCE.match(body)
    if opening:
      fence = opening[1]
    if _needs_blank(lines, bool(opening), bool(item) and before == 0):
      lines.append("")
    lines.append(_moved(line, widths))
    if item:
      widths.append(spaces + len(item[0]))
  return "\n".join(lines) + "\n"


def _needs_blank(lines, opens_fence, opens_list):
  return bool(lines) and lines[-1] != "" and (opens_fence or opens_list)


def _moved(line, widths):
  """Returns a line with 4 spaces for each item that it is in."""
  width = widths[-1] if widths else 0
  rest = line[width:] if line[:width].strip() == "" else line.lstrip(" ")
  return " " * (4 * len(widths)) + rest
