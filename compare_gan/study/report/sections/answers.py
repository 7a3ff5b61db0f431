"""What the study says, in sentences."""

from compare_gan.pictures import html_page
from compare_gan.study.report import answers
from compare_gan.study.report import sections

PLACE = 10


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  return sections.Section(
    "Answers",
    html='<div id="warnings"></div><ul></ul>',
    data={
      "answers": answers.answers(report.table, report.summary),
      "warnings": answers.warnings(report.table),
    },
    script=html_page.read_beside(__file__, "answers.js"),
  )
