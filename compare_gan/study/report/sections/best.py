"""The best settings of each cell."""

from compare_gan.pictures import html_page
from compare_gan.study.report import page_json
from compare_gan.study.report import sections
from compare_gan.study.report.statistics import costs as costs_lib

PLACE = 60


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  scale = costs_lib.sign(report.table.study)
  return sections.Section(
    "Best settings of each cell",
    data={"best": [_best(each, scale) for each in report.summary.best]},
    script=html_page.read_beside(__file__, "best.js"),
  )


def _best(best, scale):
  return {
    "cell": page_json.plain_texts(best.cell),
    "n": best.n,
    "top": [
      {
        "settings": each.settings,
        "value": page_json.plain(scale * each.value),
        "n": each.n,
        "n_ok": each.n_ok,
        "runs": list(each.runs),
      }
      for each in best.top
    ],
  }
