"""The report of a study: one self-contained HTML page.

It contains the sections of sections/ and, for each run, its settings, scores,
learning curves, a picture of samples and the microscope's results. All numbers
are computed in Python, by statistics/; the page only shows them.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from concurrent import futures
import html
import json
import math
import os
from typing import Any
from typing import Optional

from compare_gan.pictures import html_page
from compare_gan.storage import files as files_lib
from compare_gan.study.report import page_json
from compare_gan.study.report import report_runs
from compare_gan.study.report import sections
from compare_gan.study.report import tables
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.run import table as table_lib
import numpy as np

_MEGABYTE = 2**20
_PICTURE_BYTES = (8 * 1024, 60 * 1024)  # of one run, at least and at most
_MORE_BYTES = (20 * 1024, 400 * 1024)  # of a picture that a user added to a run
_MORE_SIDE = 1200  # pixels


def write(
  study_dir: str, max_megabytes: float = 60, bindings: Iterable[str] = ()
) -> str:
  """Writes report/index.html and the tables; returns the path of the page.

  Args:
    study_dir: the folder of a study, which may still be running.
    max_megabytes: the largest size of the page. If not all pictures fit, those
      of the worst runs are left out first.
    bindings: lines of gin in addition to the study's, such as report.sections.
  """
  own = sections.read_own(study_dir, bindings)
  table = table_lib.read(study_dir)
  summary = summary_lib.summarize(table)
  summary = summary._replace(looks=_earlier_looks(table, study_dir, summary))
  folder = os.path.join(study_dir, "report")
  os.makedirs(folder, exist_ok=True)
  tables.write(table, folder, summary)
  path = os.path.join(folder, "index.html")
  text = page(table, study_dir, summary, max_megabytes, own)
  tables.write_text(path, text)
  return path


def _earlier_looks(table, study_dir, summary):
  """Returns the earlier Looks, and adds this one to looks.jsonl.

  This file has a line for each number of ended runs that a report was made
  from: "ended" and "shown", the differences that it called significant.
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
  own: Optional[Mapping[str, sections.Maker]] = None,
) -> str:
  """Returns the HTML of the report.

  Args:
    table: the study's table.
    study_dir: the folder that holds runs/<id>/.
    summary: the table's Summary; None to compute it.
    max_megabytes: the largest size of the page.
    own: {name: function} of sections below the built-in ones.
  """
  summary = summary or summary_lib.summarize(table)
  report = sections.Report(table, summary, study_dir)
  made = sections.make_all(report, own or {})
  content = sections.merge_data(_shared_data(report), made)
  files = _picture_files(table, study_dir)
  details = html_page.to_json(_details(table, study_dir, files))
  allowance = max_megabytes * _MEGABYTE - len(html_page.to_json(content))
  allowance -= len(details)
  pictures = _pictures(table, files, allowance)
  content["pictures"] = pictures
  allowance -= sum(map(len, pictures.values()))
  content["more_pictures"] = _more_pictures(table, study_dir, allowance)
  content["left_out"] = [run for run in files if run not in pictures]
  return _page(made, content, details)


def _page(made, content, details):
  parts = {
    "title": html.escape(content["name"]),
    "sections": "".join(
      sections.to_html(name, section) for name, section in made.items()
    ),
    "data": html_page.to_json(content),
    "details": details,
    "script": "\n".join(
      [
        _part("report_page.js"),
        _part("report_runs.js"),
        *(made[name].script for name in sections.built_in()),
        _part("report_start.js"),
      ]
    ),
    # In separate elements, so that an error in one does not stop the others.
    "own_scripts": "".join(
      f"<script>\n{section.script}\n</script>\n"
      for name, section in made.items()
      if section.script and name not in sections.built_in()
    ),
  }
  body = html_page.fill_template(_part("report_page.html"), parts)
  return html_page.whole_page(content["name"], _part("report_page.css"), body)


def _part(name):
  return html_page.read_beside(__file__, name)


def _shared_data(report: sections.Report) -> dict[str, Any]:
  """Returns the data that more than one section shows."""
  study = report.table.study
  metrics = report.metrics
  return {
    "name": str(study["name"]),
    "score": study["score"],
    "lower_is_better": costs_lib.sign(study) > 0,
    "axes": {
      axis: [str(value) for value in values]
      for axis, values in study["axes"].items()
    },
    "settings": tables.setting_names(report.table),
    "metrics": metrics,
    "runs": [_run(report.table, row, metrics) for row in report.table.rows],
  }


# ---- Runs --------------------------------------------------------------------


def _picture_files(table, study_dir):
  """Returns {run: path} of the runs that have a picture."""
  found = {
    row.run: report_runs.picture(table_lib.folder_of(study_dir, row.run))
    for row in table.rows
  }
  return {run: path for run, path in found.items() if path}


def _details(table, study_dir, files):
  """Returns what the page shows of each run, except for its picture."""
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
    table: the study's table.
    files: {run: path} of the pictures.
    allowance: bytes for all of them.
  """
  if not files:
    return {}
  limit = int(np.clip(allowance / len(files), *_PICTURE_BYTES))
  rows = sorted(table.rows, key=lambda row: _rank(table, row))
  runs = [row.run for row in rows if row.run in files]
  runs = runs[: max(0, int(allowance // limit))]
  # Pillow releases Python's lock while it works.
  with futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
    made = pool.map(lambda run: report_runs.thumbnail(files[run], limit), runs)
    return {run: uri for run, uri in zip(runs, made) if uri}


def _more_pictures(table, study_dir, allowance):
  """Returns {run: {name: data URI}} of the runs' pictures/, best runs first.

  Args:
    table: the study's table.
    study_dir: the folder that holds runs/<id>/.
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
    "cell": page_json.plain_texts(row.cell),
    "settings": row.settings,
    "seed": row.seed,
    "phase": row.phase,
    "round": row.round,
    "order": row.order,
    "status": row.status,
    "reason": row.reason or "",
    "seconds": page_json.rounded(row.seconds),
    "attempts": row.attempts,
    "protocol": row.protocol or "",
    "scores": {
      metric: page_json.rounded(table_lib.value(row, table.study, metric))
      for metric in metrics
      if metric in row.scores
    },
  }
