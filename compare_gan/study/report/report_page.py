"""The report of a study: one HTML page that needs nothing but itself.

It holds the answers, the figures behind them, and of each run its settings,
scores, learning curves, a picture of samples and what the microscope saw. All
numbers are computed here, in statistics.py; the page only shows them.
"""

from concurrent import futures
import html
import json
import math
import os
import re
from typing import Optional

from compare_gan.storage import files as files_lib
from compare_gan.study.report import answers
from compare_gan.study.report import report_runs
from compare_gan.study.report import tables
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.run import table as table_lib
import numpy as np

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_MEGABYTE = 2**20
_PICTURE_BYTES = (8 * 1024, 60 * 1024)  # of one run, at least and at most
_MORE_BYTES = (20 * 1024, 400 * 1024)  # of one that a user made of a run
_MORE_SIDE = 1200  # pixels
_CURVES = ("exact", "iid", "simulated", "low", "high")
_CURVES += ("median_low", "median_high")
_RULES = {
  "last": "of the last checkpoint",
  "best": "of the checkpoint that is best by this score",
  "min": "the best over all checkpoints, each metric by itself",
}


def write(study_dir: str, max_megabytes: float = 60) -> str:
  """Returns the path of report/index.html, written with the tables beside it.

  Args:
    study_dir: of a study that has run, or still runs.
    max_megabytes: of the page. Pictures are left out, the best runs' last,
      where all would be too much.
  """
  table = table_lib.read(study_dir)
  summary = summary_lib.summarize(table)
  summary = summary._replace(looks=_look(table, study_dir, summary))
  folder = os.path.join(study_dir, "report")
  os.makedirs(folder, exist_ok=True)
  tables.write(table, folder, summary)
  path = os.path.join(folder, "index.html")
  tables.write_text(path, page(table, study_dir, summary, max_megabytes))
  return path


def _look(table, study_dir, summary):
  """Returns the statistics.Looks before this one, which is added to them.

  looks.jsonl has a line for each number of ended runs that a report was made
  of: "ended" and "shown", the differences that it called significant.
  """
  path = os.path.join(study_dir, "looks.jsonl")
  text = files_lib.read_text_if_any(path) or ""
  looks = [json.loads(line) for line in text.split("\n") if line.strip()]
  before = [summary_lib.Look(each["ended"], each["shown"]) for each in looks]
  look = summary_lib.look_at(table, summary)
  if not before or before[-1] != look:
    files_lib.write_text(path, text + json.dumps(look._asdict()) + "\n")
  return tuple(each for each in before if each.ended < look.ended)


def page(
  table: table_lib.Table,
  study_dir: str,
  summary: Optional[summary_lib.Summary] = None,
  max_megabytes: float = 60,
) -> str:
  """Returns the HTML of the report.

  Args:
    table: of the study.
    study_dir: where runs/<id>/ are.
    summary: of the table, if it is known.
    max_megabytes: of the page.
  """
  summary = summary or summary_lib.summarize(table)
  content = _content(table, summary)
  files = _picture_files(table, study_dir)
  details = _json(_details(table, study_dir, files))
  allowance = max_megabytes * _MEGABYTE - len(_json(content)) - len(details)
  pictures = _pictures(table, files, allowance)
  content["pictures"] = pictures
  allowance -= sum(map(len, pictures.values()))
  content["more_pictures"] = _more_pictures(table, study_dir, allowance)
  content["left_out"] = [run for run in files if run not in pictures]
  parts = {
    "title": html.escape(content["name"]),
    "style": _part("report_page.css"),
    "data": _json(content),
    "details": details,
    "script": _part("report_page.js"),
  }
  template = _part("report_page.html")
  return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _part(name):
  with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
    return file.read()


def _json(content):
  """Returns JSON in which nothing looks like the end of a script."""
  text = json.dumps(content, separators=(",", ":"), allow_nan=False)
  return text.replace("<", "\\u003c")


# ---- Runs --------------------------------------------------------------------


def _picture_files(table, study_dir):
  """Returns {run: path} of the runs that have a picture."""
  found = {
    row.run: report_runs.picture(table_lib.folder_of(study_dir, row.run))
    for row in table.rows
  }
  return {run: path for run, path in found.items() if path}


def _details(table, study_dir, files):
  """Returns what the page shows of each run, beside its picture."""
  points = report_runs.points_for(len(table.rows))
  here = os.path.join(study_dir, "report")
  found = []
  for row in table.rows:
    folder = table_lib.folder_of(study_dir, row.run)
    each = report_runs.detail(row, folder, points)
    if row.run in files:
      path = os.path.relpath(files[row.run], here)
      each["picture_file"] = path.replace(os.sep, "/")
    each["more_files"] = {
      name: os.path.relpath(path, here).replace(os.sep, "/")
      for name, path in report_runs.more_pictures(folder).items()
    }
    found.append(each)
  return found


def _pictures(table, files, allowance):
  """Returns {run: data URI}, of the best runs if not all fit.

  Args:
    table: of the study.
    files: {run: path} of the pictures.
    allowance: bytes for all of them.
  """
  if not files:
    return {}
  limit = int(np.clip(allowance / len(files), *_PICTURE_BYTES))
  rows = sorted(table.rows, key=lambda row: _rank(table, row))
  runs = [row.run for row in rows if row.run in files]
  runs = runs[: max(0, int(allowance // limit))]
  # Pillow leaves Python's lock while it works.
  with futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
    made = pool.map(lambda run: report_runs.thumbnail(files[run], limit), runs)
    return {run: uri for run, uri in zip(runs, made) if uri}


def _more_pictures(table, study_dir, allowance):
  """Returns {run: {name: data URI}} of pictures/ of the runs, the best first.

  Args:
    table: of the study.
    study_dir: where runs/<id>/ are.
    allowance: bytes for all of them; what exceeds it is left out.
  """
  found = {}
  for row in sorted(table.rows, key=lambda row: _rank(table, row)):
    folder = table_lib.folder_of(study_dir, row.run)
    for name, path in report_runs.more_pictures(folder).items():
      least, most = _MORE_BYTES
      if allowance < least:
        return found
      uri = report_runs.thumbnail(path, min(most, allowance), _MORE_SIDE)
      if uri:
        allowance -= len(uri)
        found.setdefault(row.run, {})[name] = uri
  return found


def _rank(table, row):
  known = costs_lib.cost(row, table.study)
  return (math.inf if known is None else known, row.order)


def _run(table, row, metrics):
  return {
    "id": row.run,
    "cell": _texts(row.cell),
    "settings": row.settings,
    "seed": row.seed,
    "phase": row.phase,
    "round": row.round,
    "order": row.order,
    "status": row.status,
    "reason": row.reason or "",
    "seconds": report_runs.rounded(row.seconds),
    "attempts": row.attempts,
    "protocol": row.protocol or "",
    "scores": {
      metric: report_runs.rounded(table_lib.value(row, table.study, metric))
      for metric in metrics
      if metric in row.scores
    },
  }


# ---- Figures -----------------------------------------------------------------


def _content(table, summary):
  study = table.study
  scale = costs_lib.sign(study)
  metrics = sorted(summary.metrics, key=lambda name: name != study["score"])
  return {
    "name": str(study["name"]),
    "score": study["score"],
    "lower_is_better": scale > 0,
    "axes": {
      axis: [str(value) for value in values]
      for axis, values in study["axes"].items()
    },
    "settings": tables.setting_names(table),
    "metrics": metrics,
    "answers": answers.answers(table, summary),
    "facts": facts(table, summary),
    "warnings": answers.warnings(table),
    "runs": [_run(table, row, metrics) for row in table.rows],
    "best": [_best(each, scale) for each in summary.best],
    "boxes": _by_value(summary.boxes, scale, _box),
    "curves": _by_value(summary.curves, scale, _curve),
    "comparisons": {
      axis: [_comparison(each, scale) for each in found]
      for axis, found in summary.comparisons.items()
    },
    "interactions": [
      {
        "axes": pair,
        "medians": _plain(scale * medians),
        "counts": counts.tolist(),
      }
      for pair, (medians, counts) in summary.interactions.items()
    ],
    "stability": _by_value(
      summary.stability,
      scale,
      lambda each, _: {k: _plain(v) for k, v in each._asdict().items()},
    ),
    "correlation": _correlation(summary, metrics),
  }


def _texts(cell):
  """Returns a cell whose values are text, whatever the gin file calls them."""
  return {axis: str(value) for axis, value in cell.items()}


def facts(
  table: table_lib.Table, summary: summary_lib.Summary
) -> list[tuple[str, str]]:
  """Returns [(what, text)]: how the figures came about."""
  study = table.study
  better = "lower" if table_lib.is_minimized(study) else "higher"
  rule = study.get("checkpoint", "last")
  states = sorted({row.status for row in table.rows})
  counts = [
    f"{sum(row.status == state for row in table.rows)} {state}"
    for state in states
  ]
  percent = study.get("top_percent", 5)
  return [
    ("Score", f"{study['score']}, {better} is better, {_RULES[rule]} ({rule})"),
    ("Runs", f"{len(table.rows)}: {', '.join(counts)}"),
    (
      "Settings",
      f"{len(summary.settings)}, each a cell of the axes with its hyper-"
      f"parameters, trained with up to {study.get('seeds', 1)} seeds",
    ),
    ("Seeds", _seeds(study)),
    (
      "Value of a setting",
      "the median over its seeds. A training that failed or collapsed counts "
      f"as infinitely bad, and where a mean is taken over settings, as "
      f"{answers.number(costs_lib.sign(study) * summary.worst)}, the worst "
      "value that any setting reached",
    ),
    (
      "Top percent",
      f"boxes of the best {percent:g} % of the settings of each value, at "
      "least one: best-of-n figures, which look the better the more settings "
      "there were",
    ),
    (
      "Budget",
      "E[min of k] over settings drawn without replacement (exact), drawn "
      "independently (i.i.d.), and simulated 1,000 times with the phases in "
      f"their order ({', '.join(study.get('phases') or ['one phase'])}): "
      "descriptions of these settings. The band of the simulated curve is the "
      "spread of orders, no confidence interval. Where the settings are "
      "independent draws, of one random search, there is an interval of 95 % "
      "for the median best of k new settings, from order statistics, up to k = "
      "n / 5.3",
    ),
    ("Effects", _effects(summary)),
    (
      "Protocol",
      ", ".join(summary_lib.protocols(table)) or "none is known",
    ),
  ]


def _seeds(study):
  """Returns how the seeds of a setting differ, and whether some came later."""
  seeds = study.get("seeds", 1)
  if study.get("seeds_data"):
    differ = (
      "They differ in the first weights, in the noise and, where the study "
      "does not bind dataset.seed, in the order of the images and their flips: "
      "dataset.seed follows the run's seed"
    )
  elif "seeds_data" in study or study.get("phases") != ["imported"]:
    differ = (
      "They differ in the first weights and in the noise. The order of the "
      "images and their flips are the same for all, those of dataset.seed"
    )
  else:
    differ = "How they differ is not known: the scores were imported"
  first = study.get("seeds_at_first", seeds)
  if first >= seeds:
    return f"{differ}. None was added after the study was begun"
  return (
    f"{differ}. The study was begun with {first} and has {seeds}: "
    f"{seeds - first} added later. Seeds that are added until a difference "
    "shows make one out of noise more often than p says"
  )


def _effects(summary):
  """Returns what the unit, the tests and the family of the effects are."""
  compared = [each for found in summary.comparisons.values() for each in found]
  family = [each for each in compared if each.tested]
  tests = sorted({each.found.test for each in compared})
  few = "; the others have, by rule, too few settings or seeds to reach p < .05"
  if len(family) == len(compared):
    few = ""
  return (
    "The unit is the setting: settings that differ in one axis only are "
    "matched, with any seeds, and the costs of their seeds are averaged. With "
    "6 settings or more the test is Wilcoxon's signed-rank one, exact up to "
    "100; the estimate is that of Hodges and Lehmann, its interval of 95 % is "
    "the test's own, uncorrected. With 2 to 5 settings there is Student's t, "
    "which assumes normal differences, and no claim. With a single setting the "
    "seeds are the unit, by Mann and Whitney's exact test, or Welch's t where "
    f"their numbers differ. Here: {'; '.join(tests) or 'nothing'}. The family "
    f"of Holm's correction is the whole report: {len(family)} of "
    f"{len(compared)} comparisons{few}. A failure costs the worst value among "
    "the runs compared; settings where all of them failed are left out. Other "
    "metrics, shares of failures and probabilities to be better (P) are "
    "exploratory. A claim is about settings like these, within the values of "
    "the other axes that were tried"
  )


def _plain(x):
  """Returns numbers as JSON has them, None in place of nan and inf."""
  if isinstance(x, (np.ndarray, list, tuple)):
    return [_plain(each) for each in x]
  if isinstance(x, (bool, int, np.integer)):
    return int(x)
  return report_runs.rounded(float(x), 6)


def _by_value(groups, scale, function):
  return {
    axis: {value: function(each, scale) for value, each in by_value.items()}
    for axis, by_value in groups.items()
  }


def _box(box, scale):
  return {
    "n_top": box.n_top,
    "n": box.n,
    "five": _plain([scale * x for x in box[2:7]]),
    "points": _plain([scale * x for x in box.points]),
  }


def _curve(curve, scale):
  found = {"n": curve.n, "k": _plain(curve.k), "last": curve.last}
  for name in _CURVES:
    found[name] = _plain(scale * getattr(curve, name))
  return found


def _comparison(each, scale):
  """Returns it as score of `second` - score of `first`."""
  found = each.found
  return {
    "first": str(each.first),
    "second": str(each.second),
    "unit": found.unit,
    "test": found.test,
    "n": found.n,
    "seeds": _plain(found.seeds),
    "mean": _plain(scale * found.mean),
    "estimate": _plain(scale * found.estimate),
    "interval": _plain(sorted(scale * end for end in found.interval)),
    "t": _plain(sorted(scale * end for end in found.t)),
    "p": _plain(found.p),
    "p_holm": _plain(each.p_holm),
    "n_tests": each.n_tests,
    "smallest_p": _plain(found.smallest_p),
    "better": _plain(found.better),
    "probability": _plain(found.probability),
    "p_probability": _plain(found.p_probability),
    "tau": _plain(found.tau),
    "sigma": _plain(found.sigma),
    "failed": _plain(each.failed),
    "runs": _plain(each.runs),
    "p_failures": _plain(each.p_failures),
    "dropped": each.n_dropped,
  }


def _best(best, scale):
  return {
    "cell": _texts(best.cell),
    "n": best.n,
    "top": [
      {
        "settings": each.settings,
        "value": _plain(scale * each.value),
        "n": each.n,
        "n_ok": each.n_ok,
        "runs": list(each.runs),
      }
      for each in best.top
    ],
  }


def _correlation(summary, metrics):
  """Returns the correlations in the page's order of metrics."""
  order = [summary.metrics.index(name) for name in metrics]
  found, counts = (
    np.asarray(each)[np.ix_(order, order)] for each in summary.correlation
  )
  return {"rho": _plain(found), "counts": counts.tolist()}
