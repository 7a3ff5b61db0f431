"""For mkdocstrings: what is indented in a docstring is shown as code.

Our docstrings are texts, not Markdown: examples and tables are indented by two
spaces, and <, * and [ are only themselves.
"""

from typing import Any

import griffe

from docs_build import text


class IndentedCode(griffe.Extension):
  """Turns each docstring into the Markdown that shows it as it is."""

  def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
    if obj.docstring:
      obj.docstring.value = text.whole_docstring(obj.docstring.value)
