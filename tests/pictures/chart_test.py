"""Charts are drawn quietly, in any home."""

import os
import stat

from compare_gan.pictures import chart
import numpy as np
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("versions of matplotlib differ")


def _line(figure):
  figure.subplots().plot([0, 1], color="#ff0000")


def test_a_chart_has_its_size_and_colors():
  picture = chart.draw(2.0, 1.5, _line)
  assert picture.shape == (150, 200, 3) and picture.dtype == np.uint8
  assert np.any(np.all(picture == (255, 0, 0), axis=-1))


def test_the_same_chart_is_the_same_picture():
  np.testing.assert_array_equal(
    chart.draw(2.0, 1.5, _line), chart.draw(2.0, 1.5, _line)
  )


def test_a_users_style_keeps_out():
  import matplotlib

  plain = chart.draw(2.0, 1.5, _line)
  with matplotlib.rc_context({"figure.facecolor": "black"}):
    np.testing.assert_array_equal(chart.draw(2.0, 1.5, _line), plain)
    assert matplotlib.rcParams["figure.facecolor"] == "black"


@pytest.mark.long
@pytest.mark.parametrize("is_writable", [True, False])
def test_nothing_is_said_in_a_home_that_is_empty(tmp_path, is_writable):
  home = tmp_path / "home"
  home.mkdir()
  if not is_writable:
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(home, os.W_OK):  # Of root, whom no permission stops.
      home.rmdir()
      home.write_text("no folder")
  code = (
    "import logging, sys; logging.basicConfig(level=logging.WARNING);"
    "from compare_gan.pictures import chart;"
    "print(chart.draw(2, 1, lambda f: f.subplots().set_title('x')).shape);"
    "assert 'matplotlib.pyplot' not in sys.modules"
  )
  done = plain_shell.run(
    ["-c", code],
    tmp_path,
    home,
    PYTHONPATH=plain_shell.ROOT,
    MPLBACKEND="TkAgg",
    TF_CPP_MIN_LOG_LEVEL=2,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout == "(100, 200, 3)\n"
  assert "font" not in done.stderr and "Matplotlib" not in done.stderr
