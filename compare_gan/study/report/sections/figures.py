"""What an axis does: boxes, budgets, effects and stability."""

from compare_gan.pictures import html_page
from compare_gan.study.report import page_json
from compare_gan.study.report import sections
from compare_gan.study.report.statistics import costs as costs_lib

PLACE = 30
_CURVES = (
  "exact",
  "iid",
  "simulated",
  "low",
  "high",
  "median_low",
  "median_high",
)
_HTML = """
    <div class="row"><label>Axis <select id="axis"></select></label></div>
    <div id="boxes"><h3>The best settings of each value</h3></div>
    <div id="budget"><h3>What a budget buys</h3></div>
    <div id="effects"><h3>Effects with 95 % intervals</h3></div>
    <div id="stability"><h3>Stability</h3></div>
  """


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  scale = costs_lib.sign(report.table.study)
  found = report.summary
  return sections.Section(
    "What an axis does",
    html=_HTML,
    data={
      "boxes": page_json.map_values(found.boxes, lambda box: _box(box, scale)),
      "curves": page_json.map_values(
        found.curves, lambda curve: _curve(curve, scale)
      ),
      "comparisons": {
        axis: [_comparison(each, scale) for each in compared]
        for axis, compared in found.comparisons.items()
      },
      "stability": page_json.map_values(found.stability, _stability),
    },
    script=html_page.read_beside(__file__, "figures.js"),
  )


def _box(box, scale):
  return {
    "n_top": box.n_top,
    "n": box.n,
    "five": page_json.plain([scale * x for x in box[2:7]]),
    "points": page_json.plain([scale * x for x in box.points]),
  }


def _curve(curve, scale):
  found = {"n": curve.n, "k": page_json.plain(curve.k), "last": curve.last}
  for name in _CURVES:
    found[name] = page_json.plain(scale * getattr(curve, name))
  return found


def _comparison(each, scale):
  """Returns a Comparison as score of `second` - score of `first`."""
  found = each.found
  return {
    "first": str(each.first),
    "second": str(each.second),
    "unit": found.unit,
    "test": found.test,
    "n": found.n,
    "seeds": page_json.plain(found.seeds),
    "mean": page_json.plain(scale * found.mean),
    "estimate": page_json.plain(scale * found.estimate),
    "interval": page_json.plain(sorted(scale * end for end in found.interval)),
    "t": page_json.plain(sorted(scale * end for end in found.t)),
    "p": page_json.plain(found.p),
    "p_holm": page_json.plain(each.p_holm),
    "n_tests": each.n_tests,
    "smallest_p": page_json.plain(found.smallest_p),
    "better": page_json.plain(found.better),
    "probability": page_json.plain(found.probability),
    "p_probability": page_json.plain(found.p_probability),
    "tau": page_json.plain(found.tau),
    "sigma": page_json.plain(found.sigma),
    "failed": page_json.plain(each.failed),
    "runs": page_json.plain(each.runs),
    "p_failures": page_json.plain(each.p_failures),
    "dropped": each.n_dropped,
  }


def _stability(each):
  return {name: page_json.plain(x) for name, x in each._asdict().items()}
