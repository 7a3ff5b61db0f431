from docs_build import lists


def test_what_belongs_to_an_item_is_indented_by_four():
  text = "1. a\n   b\n   - c\n     d\n2. e\n"
  expected = "1. a\n    b\n    - c\n        d\n2. e\n"
  assert lists.indented_by_four(text) == expected


def test_a_list_after_a_paragraph_gets_a_blank_line():
  assert lists.indented_by_four("a:\n- b\n- c\n") == "a:\n\n- b\n- c\n"


def test_a_fence_in_an_item_moves_with_its_content():
  text = "- a\n  ```\n  x\n    - y\n  ```\n  b\n"
  expected = "- a\n\n    ```\n    x\n      - y\n    ```\n\n    b\n"
  assert lists.indented_by_four(text) == expected


def test_code_at_the_margin_stays_as_it_is():
  text = "```\n  - a\n   b\n```\n"
  assert lists.indented_by_four(text) == "```\n  - a\n   b\n```\n\n"


def test_chinese_lines_are_joined_without_a_space():
  text = "训练\n指南，\n  `x` 与\nGAN\n\n- 一\n- 二\n"
  expected = "训练指南，`x` 与\nGAN\n\n- 一\n- 二\n"
  assert lists.joined_chinese(text) == expected
