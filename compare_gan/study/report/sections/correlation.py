"""Whether the metrics rank the runs alike."""

from compare_gan.pictures import html_page
from compare_gan.study.report import page_json
from compare_gan.study.report import sections
import numpy as np

PLACE = 50


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  return sections.Section(
    "Rank correlation of the metrics",
    data={"correlation": _correlation(report.summary, report.metrics)},
    script=html_page.read_beside(__file__, "correlation.js"),
  )


def _correlation(summary, metrics):
  """Returns the correlations in the page's order of metrics."""
  order = [summary.metrics.index(name) for name in metrics]
  found, counts = (
    np.asarray(each)[np.ix_(order, order)] for each in summary.correlation
  )
  return {"rho": page_json.plain(found), "counts": counts.tolist()}
