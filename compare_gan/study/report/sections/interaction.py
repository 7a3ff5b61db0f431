"""What two axes do together."""

from compare_gan.pictures import html_page
from compare_gan.study.report import page_json
from compare_gan.study.report import sections
from compare_gan.study.report.statistics import costs as costs_lib

PLACE = 40


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  scale = costs_lib.sign(report.table.study)
  return sections.Section(
    "Interaction of two axes",
    data={
      "interactions": [
        {
          "axes": pair,
          "medians": page_json.plain(scale * medians),
          "counts": counts.tolist(),
        }
        for pair, (medians, counts) in report.summary.interactions.items()
      ],
    },
    script=html_page.read_beside(__file__, "interaction.js"),
  )
