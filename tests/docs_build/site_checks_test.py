import pytest

from docs_build import site_checks


def _problems(tmp_path, body):
  (tmp_path / "a.html").write_text(f"<html><body>{body}</body></html>")
  (tmp_path / "b.html").write_text('<h2 id="here">x</h2>')
  return site_checks.problems(tmp_path)


@pytest.mark.parametrize(
  "body",
  [
    '<a href="b.html">x</a>',
    '<a href="b.html#here">x</a>',
    '<a href="https://arxiv.org/abs/1">only a link</a>',
    '<p id="own"></p><a href="#own">x</a>',
    '<a href="mailto:x">x</a>',
    '<img src="data:image/png;base64,AA">',
  ],
)
def test_good_pages_have_no_problem(tmp_path, body):
  assert not _problems(tmp_path, body)


@pytest.mark.parametrize(
  "body,problem",
  [
    ('<a href="c.html">x</a>', "c.html does not exist"),
    ('<a href="b.html#gone">x</a>', "names an anchor that does not exist"),
    ('<a href="/b.html">x</a>', "is absolute"),
    ('<img src="c.png">', "c.png does not exist"),
    ('<script src="https://a.org/x.js"></script>', "loads https://a.org/x.js"),
    ('<img src="//a.org/x.png">', "loads //a.org/x.png"),
    ('<link rel="stylesheet" href="https://a.org/x.css">', "loads https"),
  ],
)
def test_problems_are_found(tmp_path, body, problem):
  [found] = _problems(tmp_path, body)
  assert found.startswith("a.html") and problem in found


def test_fonts_from_afar_are_found(tmp_path):
  (tmp_path / "a.css").write_text("p { src: url(https://fonts.org/a.woff2) }")
  assert site_checks.problems(tmp_path) == [
    "a.css loads https://fonts.org/a.woff2"
  ]
