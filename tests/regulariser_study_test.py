"""The figures of docs/regulariser_study.md come from the runs beside it."""

import collections
import csv
import re

import numpy as np
import pytest

from tests import plain_shell

_DOCS = plain_shell.ROOT / "docs"


def _ratios(name):
  """Returns {term: geometric mean over settings of its score / none's}."""
  scores = collections.defaultdict(list)
  with open(_DOCS / name / "runs.csv", encoding="utf-8") as file:
    for row in csv.DictReader(file):
      setting = row["loss"], row["network"], row["lr"]
      score = float(row["fid_classifier_last"])
      scores[row["term"], setting].append(score)
  logs = collections.defaultdict(list)
  for (term, setting), found in scores.items():
    if term != "none":
      ratio = np.mean(found) / np.mean(scores["none", setting])
      logs[term].append(np.log(ratio))
  return {term: float(np.exp(np.mean(x))) for term, x in logs.items()}


def _column(title, header):
  """Returns {term: number} of the table with a column below a heading."""
  page = (_DOCS / "regulariser_study.md").read_text(encoding="utf-8")
  section = re.split(r"^## ", page.partition(f"## {title}")[2], flags=re.M)[0]
  rows = [line.split("|")[1:-1] for line in section.splitlines() if "|" in line]
  rows = [[cell.strip(" `") for cell in row] for row in rows]
  [head] = [row for row in rows if header in row]
  table = rows[rows.index(head) + 2 :]
  return {
    row[0]: float(row[head.index(header)])
    for row in table[: _length(table, len(head))]
  }


def _length(rows, width):
  """Returns how many rows belong to the first of several tables."""
  return next((i for i, row in enumerate(rows) if len(row) != width), len(rows))


@pytest.mark.parametrize(
  "title,header,study",
  [
    ("All 26", "score", "regularisers_2026"),
    ("The five best, again", "score", "regularisers_2026_winners"),
    ("On photographs", "score", "regularisers_2026_cifar10"),
  ],
)
def test_scores_are_those_of_the_runs(title, header, study):
  shown = _column(title, header)
  found = _ratios(study)
  assert shown.keys() == found.keys()
  assert shown == pytest.approx(found, abs=0.00501)


def test_the_order_on_photographs_agrees_as_far_as_the_page_says():
  from scipy import stats

  shapes = _ratios("regularisers_2026")
  photographs = _ratios("regularisers_2026_cifar10")
  pairs = [(shapes[term], x) for term, x in photographs.items()]
  found = stats.spearmanr(*zip(*pairs))[0], stats.kendalltau(*zip(*pairs))[0]
  assert found == pytest.approx((0.61, 0.38), abs=0.005)
