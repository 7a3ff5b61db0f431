"""The runs that failed, and why."""

from compare_gan.pictures import html_page
from compare_gan.study.report import sections

PLACE = 80


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  return sections.Section(
    "Failures", script=html_page.read_beside(__file__, "failures.js")
  )
