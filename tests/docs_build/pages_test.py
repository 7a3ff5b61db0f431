import pytest

from docs_build import pages


@pytest.mark.parametrize(
  "link,expected",
  [
    ("[x](metrics.md#features)", "[x](metrics.md#features)"),
    ("[x](../README.md)", "[x](index.md)"),
    ("[x](../CONTRIBUTING.md)", "[x](contributing.md)"),
    ("[x](site/zh/npu.md)", "[x](zh/npu.md)"),
    ("![x](demo.png)", "![x](demo.png)"),
    ("[x](https://arxiv.org/abs/1)", "[x](https://arxiv.org/abs/1)"),
    ("[x](#here)", "[x](#here)"),
    ("[x](mini/summary.md)", "[x](reports/mini.md#summary)"),
    (
      "[x](../configs/regularisers/r1.gin)",
      "[x](reference/cards.md#card-regularisers-r1)",
    ),
    (
      "[x](../compare_gan/gans/seen.py)",
      "[x](api/gans.md#compare_gan.gans.seen)",
    ),
    ("[`x_test`](../tests/x_test.py)", "`x_test`"),
    ("[a test](../tests/x_test.py)", "`tests/x_test.py`"),
  ],
)
def test_links_of_the_repository_become_links_of_the_site(link, expected):
  assert pages.with_links_of_site(link, "docs/a.md", "a.md") == expected


def test_links_are_relative_to_the_page():
  text = "[x](../../data.md)"
  place = "start/a.md"
  found = pages.with_links_of_site(text, f"docs/site/{place}", place)
  assert found == "[x](../data.md)"


def test_code_is_left_alone():
  text = "```python\na[0](../README.md)\n```\n"
  assert pages.with_links_of_site(text, "docs/a.md", "a.md") == text
