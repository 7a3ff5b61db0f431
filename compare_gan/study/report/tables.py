"""A study as plain tables: CSV, JSON, Markdown, LaTeX and Parquet.

runs.csv and runs.json have a row for each run: run, status, the axes, the
settings, seed, phase, round, order, <metric>_<rule> for the rules last, best
and min, seconds, attempts, reason and protocol.
"""

import csv
import io
import json
import math
import os
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.study.report import answers
from compare_gan.study.report import words
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import summary as summary_lib

_RULES = ("last", "best", "min")


def write(
  table: Any, folder: str, summary: Optional[summary_lib.Summary] = None
) -> None:
  """Writes runs.csv, runs.json, summary.md and summary.tex.

  Args:
    table: the study's table.
    folder: an existing folder to write to.
    summary: the table's Summary; None to compute it.
  """
  summary = summary or summary_lib.summarize(table)
  texts = {
    "runs.csv": csv_text(table),
    "runs.json": json.dumps(records(table)[1], indent=1) + "\n",
    "summary.md": markdown(table, summary),
    "summary.tex": latex(table, summary),
  }
  for name, text in texts.items():
    write_text(os.path.join(folder, name), text)


write_text = files.write_text  # A reader never sees an incomplete file.


# ---- A row for each run ------------------------------------------------------


def setting_names(table: Any) -> list[str]:
  """Returns the names of all settings, in the order of their appearance."""
  return list(
    dict.fromkeys(name for row in table.rows for name in row.settings)
  )


def records(table: Any) -> tuple[list[str], list[dict[str, Any]]]:
  """Returns (columns, rows): a dict per run, with None for what it lacks."""
  axes = {name: name for name in table.study["axes"]}
  settings = {
    name: f"setting.{name}" if name in axes else name
    for name in setting_names(table)
  }
  metrics = sorted({name for row in table.rows for name in row.scores})
  columns = [
    "run",
    "status",
    *axes,
    *settings.values(),
    *("seed", "phase", "round", "order"),
    *(f"{metric}_{rule}" for metric in metrics for rule in _RULES),
    *("seconds", "attempts", "reason", "protocol"),
  ]
  return columns, [
    {
      "run": row.run,
      "status": row.status,
      **{name: row.cell.get(name) for name in axes},
      **{column: row.settings.get(name) for name, column in settings.items()},
      **{name: getattr(row, name) for name in ("seed", "phase", "round")},
      "order": row.order,
      **{
        f"{metric}_{rule}": _finite(row.scores.get(metric, {}).get(rule))
        for metric in metrics
        for rule in _RULES
      },
      "seconds": row.seconds,
      "attempts": row.attempts,
      "reason": row.reason,
      "protocol": row.protocol,
    }
    for row in table.rows
  ]


def _finite(x):
  return None if x is None or not math.isfinite(x) else float(x)


def csv_text(table: Any) -> str:
  """Returns runs.csv; a cell is empty if the run has no such value."""
  columns, rows = records(table)
  text = io.StringIO()
  writer = csv.DictWriter(text, columns, lineterminator="\n")
  writer.writeheader()
  writer.writerows(rows)
  return text.getvalue()


def export_csv(table: Any, path: str) -> None:
  write_text(path, csv_text(table))


def export_parquet(table: Any, path: str) -> None:
  """Writes the rows of runs.csv as a Parquet file, with pyarrow."""
  try:
    import pyarrow
    from pyarrow import parquet
  except ImportError as error:
    raise ImportError(
      "Parquet files are written by pyarrow, which cannot be imported "
      f"({error}). `pip install pyarrow`, or --csv in place of --parquet."
    ) from error
  columns, rows = records(table)
  arrays = {
    name: pyarrow.array([row[name] for row in rows]) for name in columns
  }
  parquet.write_table(pyarrow.table(arrays), path)


# ---- Summaries ---------------------------------------------------------------


def markdown(table: Any, summary: summary_lib.Summary) -> str:
  """Returns summary.md: the answers, followed by tables."""
  parts = [f"# {table.study['name']}"]
  parts.append(
    "\n".join(f"- {text}" for text in answers.answers(table, summary))
  )
  for caption, header, rows in summary_tables(table, summary):
    lines = [header, ["---"] * len(header), *rows]
    body = "\n".join(
      f"| {' | '.join(map(_markdown_cell, line))} |" for line in lines
    )
    parts.append(f"## {caption}\n\n{body}")
  return "\n\n".join(parts) + "\n"


def _markdown_cell(text):
  return str(text).replace("|", "\\|").replace("\n", " ")


def latex(table: Any, summary: summary_lib.Summary) -> str:
  """Returns summary.tex: tables to \\input, which need booktabs."""
  parts = [
    f"% {_one_line(table.study['name'])}. Needs \\usepackage{{booktabs}}."
  ]
  for caption, header, rows in summary_tables(table, summary):
    lines = [" & ".join(map(escape, line)) + r" \\" for line in [header, *rows]]
    parts.append(
      "\n".join(
        [
          r"\begin{table}",
          r"\centering",
          rf"\caption{{{escape(caption)}}}",
          rf"\begin{{tabular}}{{{'l' * len(header)}}}",
          r"\toprule",
          lines[0],
          r"\midrule",
          *lines[1:],
          r"\bottomrule",
          r"\end{tabular}",
          r"\end{table}",
        ]
      )
    )
  return "\n\n".join(parts) + "\n"


_TEX = {
  "\\": r"\textbackslash{}",
  "~": r"\textasciitilde{}",
  "^": r"\textasciicircum{}",
  "<": r"\textless{}",
  ">": r"\textgreater{}",
  **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def escape(text: Any) -> str:
  """Returns text on one line, with LaTeX's special characters escaped."""
  return "".join(_TEX.get(letter, letter) for letter in _one_line(text))


def _one_line(text):
  return " ".join(str(text).split())


def summary_tables(
  table: Any, summary: summary_lib.Summary
) -> list[tuple[str, list[str], list[list[Any]]]]:
  """Returns [(caption, header, rows of text)]; empty tables are left out."""
  tables = [
    best_rows(table, summary),
    comparison_rows(table, summary),
    stability_rows(table, summary),
    failure_rows(table),
  ]
  return [each for each in tables if each[2]]


def best_rows(
  table: Any, summary: summary_lib.Summary
) -> tuple[str, list[str], list[list[Any]]]:
  study = table.study
  axes, names = list(study["axes"]), setting_names(table)
  header = [*axes, *names, f"median {study['score']}", "seeds ok", "best of"]
  rows = [
    [
      *(each.cell.get(axis, "") for axis in axes),
      *(_setting(each.settings.get(name)) for name in names),
      _score(study, each.value),
      f"{each.n_ok}/{each.n}",
      _best_of(place, best.n),
    ]
    for best in summary.best
    for place, each in enumerate(best.top, 1)
  ]
  return "The two best settings of each cell, of those tried", header, rows


def _best_of(place, n):
  return f"best of {n}" if place == 1 else f"no. {place} of {n}"


def comparison_rows(
  table: Any, summary: summary_lib.Summary
) -> tuple[str, list[str], list[list[Any]]]:
  header = ["axis", "values", "difference", "95 %", "mean", "95 % (t)"]
  header += ["settings", "seeds", "test", "p", "p after Holm", "of tests"]
  header += ["least p", "better in", "P", "tau", "sigma", "failed", "dropped"]
  signed = costs_lib.sign(table.study)
  rows = [
    [
      each.axis,
      f"{each.first} - {each.second}",
      words.number(-signed * each.found.estimate),
      interval(-signed, each.found.interval),
      words.number(-signed * each.found.mean),
      interval(-signed, each.found.t),
      each.found.n,
      _from_to(each.found.seeds),
      each.found.test,
      words.p_text(each.found.p),
      words.p_text(each.p_holm) if each.tested else "too few",
      each.n_tests if each.tested else "-",
      words.p_text(each.found.smallest_p),
      f"{each.found.better[0]}/{each.found.better[1]}",
      words.number(each.found.probability),
      words.number(each.found.tau),
      words.number(each.found.sigma),
      f"{each.failed[0]}/{each.failed[1]}",
      each.n_dropped,
    ]
    for compared in summary.comparisons.values()
    for each in compared
  ]
  better = "negative" if signed > 0 else "positive"
  caption = (
    f"Differences of {table.study['score']} between matched settings: "
    f"{better} where the first value is better"
  )
  return caption, header, rows


def _from_to(ends):
  low, high = ends
  return str(low) if low == high else f"{low} to {high}"


def interval(factor: float, ends: tuple[float, float]) -> str:
  low, high = sorted(factor * end for end in ends)
  if math.isnan(low) or math.isnan(high):
    return "-"
  return f"[{words.number(low)}, {words.number(high)}]"


def stability_rows(
  table: Any, summary: summary_lib.Summary
) -> tuple[str, list[str], list[list[Any]]]:
  header = ["axis", "value", "failed", "trainings", "IQR over seeds"]
  header += ["IQR over settings"]
  rows = [
    [
      axis,
      value,
      each.n_failed,
      each.n,
      words.number(each.seed_iqr),
      words.number(each.setting_iqr),
    ]
    for axis, by_value in summary.stability.items()
    for value, each in by_value.items()
  ]
  return f"Stability of {table.study['score']}", header, rows


def failure_rows(table: Any) -> tuple[str, list[str], list[list[Any]]]:
  rows = [
    [
      row.run,
      ", ".join(f"{name} = {value}" for name, value in row.cell.items()),
      row.status,
      row.reason or "",
    ]
    for row in table.rows
    if row.status not in ("ok", "running", "waiting")
  ]
  return "Failures", ["run", "cell", "status", "reason"], rows


def _setting(x):
  return "" if x is None else f"{x:.6g}" if isinstance(x, float) else str(x)


def _score(study, known):
  return words.number(costs_lib.sign(study) * known)
