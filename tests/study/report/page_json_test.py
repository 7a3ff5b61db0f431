"""Numbers as the page's JSON has them."""

import math

from compare_gan.study.report import page_json
import numpy as np


def test_rounded():
  assert page_json.rounded(1234567.0) == 1234600.0
  assert page_json.rounded(float("inf")) is None
  assert page_json.rounded(None) is None


def test_plain_numbers_have_none_in_place_of_what_json_lacks():
  found = page_json.plain([np.array([1.0, math.nan]), (np.int64(2), -math.inf)])
  assert found == [[1.0, None], [2, None]]
