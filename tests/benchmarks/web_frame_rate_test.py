"""The benchmark of web pages opens one and counts its images."""

import pytest

from benchmarks import web_frame_rate
from tests.export import chromium
from tests.export import generators


@pytest.mark.long
@chromium.required
def test_images_of_a_page_are_counted(tmp_path):
  path = tmp_path / "page.html"
  gan = generators.make("dcgan_arch")
  path.write_text(web_frame_rate.page_of(gan, "interpreter", half=True))
  start, rate, cpu_rate = web_frame_rate.measure(path, 1, 0.3)
  assert start > 0.0 and rate > 1.0 and cpu_rate > 1.0
