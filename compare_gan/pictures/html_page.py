"""A self-contained HTML page, opened from disk without a network."""

import base64
from collections.abc import Mapping
import html
import json
import os
import re
from typing import Any

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<!-- The page may load nothing: all it needs is in it. -->
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
{{scripts}}; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{{title}}</title>
<style>
{{style}}
</style>
</head>
<body>
{{body}}</body>
</html>
"""


def whole_page(
  title: str,
  style: str,
  body: str,
  scripts: str = "script-src 'unsafe-inline'",
) -> str:
  """Returns a page.

  Args:
    title: as text.
    style: in CSS.
    body: in HTML.
    scripts: the part of the page's Content-Security-Policy about scripts.
  """
  parts = {"title": html.escape(title), "style": style, "body": body}
  return fill_template(_FRAME, {**parts, "scripts": scripts})


def fill_template(template: str, parts: Mapping[str, str]) -> str:
  """Returns a template with each {{name}} replaced by the part of that name."""
  return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def read_beside(module_file: str, name: str) -> str:
  """Returns the text of a file that is installed next to a module.

  Args:
    module_file: the module's __file__.
    name: of the file.
  """
  path = os.path.join(os.path.dirname(os.path.abspath(module_file)), name)
  with open(path, encoding="utf-8") as file:
    return file.read()


def to_json(content: Any) -> str:
  """Returns JSON that contains nothing like the end of a script."""
  text = json.dumps(content, separators=(",", ":"), allow_nan=False)
  return text.replace("<", "\\u003c")


def data_uri(kind: str, content: bytes) -> str:
  """Returns a data URI that contains a picture.

  Args:
    kind: of the picture, "png" or "jpeg".
    content: of its file.
  """
  return f"data:image/{kind};base64," + base64.b64encode(content).decode()
