"""Lines as Python-Markdown reads them: of lists, and of Chinese texts.

GitHub indents what belongs to an item by the width of its marker, 2 or 3
spaces; Python-Markdown wants 4, and a blank line before a list or a fence.
"""

import re

_ITEM = re.compile(r"([-*+]|\d+[.)])( +)(?=\S)")
_FENCE = re.compile(r"(```+|~~~+)")


# Between Chinese characters, a line break must not become a space.
_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_BREAK = re.compile(f"(?<={_CHINESE})\\n *(?={_CHINESE})")
_AFTER_A_MARK = re.compile("(?<=[，。；：、！？）])\\n *(?=[`A-Za-z])")


def joined_chinese(text: str) -> str:
  """Returns a text without line breaks between Chinese characters."""
  return _AFTER_A_MARK.sub("", _BREAK.sub("", text))


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
