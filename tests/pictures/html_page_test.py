"""The frame that all pages share."""

from compare_gan.pictures import html_page
import pytest


def test_parts_are_not_filled_in_themselves():
  found = html_page.fill_template("{{a}} {{b}}", {"a": "{{b}}", "b": "x"})
  assert found == "{{b}} x"


def test_title_is_text_and_the_page_loads_nothing():
  page = html_page.whole_page("a <b>", "p {}", "<p>x</p>\n")
  assert "<title>a &lt;b&gt;</title>" in page
  assert "default-src 'none'; script-src 'unsafe-inline'; style-src" in page
  assert page.endswith("<p>x</p>\n</body>\n</html>\n")


def test_json_ends_no_script():
  assert html_page.to_json({"a": "</script>"}) == ('{"a":"\\u003c/script>"}')


def test_json_has_no_number_that_a_browser_cannot_read():
  with pytest.raises(ValueError):
    html_page.to_json([float("nan")])
