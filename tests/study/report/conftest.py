"""A study that tests of its report read."""

from compare_gan.study.report import report_page
import pytest

from benchmarks import report as synthetic
from tests.study.report import pages


@pytest.fixture(scope="session")
def study(tmp_path_factory):
  """The folder of a study that has run, with its report."""
  folder = tmp_path_factory.mktemp("studies") / "a"
  synthetic.make_study(folder, pages.RUNS, rows=12, side=8)
  report_page.write(str(folder))
  return folder
