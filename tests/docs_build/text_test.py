from docs_build import text


def test_texts_are_shown_as_they_are():
  assert text.escaped("a_b * [N] <x> | `a_b`") == (
    r"a\_b \* \[N\] &lt;x&gt; \| `a_b`"
  )


def test_papers_become_links():
  assert text.escaped("see https://arxiv.org/abs/1801.04406.") == (
    "see [arXiv:1801.04406](https://arxiv.org/abs/1801.04406)."
  )


def test_what_is_indented_is_code():
  found = text.from_docstring("a\nb:\n\n  x = 1\n    y\n\nc")
  assert found == "a b:\n\n```text\nx = 1\n  y\n```\n\nc"


def test_sections_stay_for_the_reader_of_docstrings():
  found = text.whole_docstring("A <b>.\n\nArgs:\n  a: of x.")
  assert found == "A &lt;b&gt;.\n\nArgs:\n  a: of x."
