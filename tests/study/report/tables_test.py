"""A study as CSV, JSON, Markdown, LaTeX and Parquet."""

import csv
import json
import sys

from compare_gan.study.report import tables
from compare_gan.study.report.statistics import summary as summary_lib
import numpy as np
import pytest

from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table


def _small():
  return table(
    [
      row(
        3.5,
        {"norm": "sn", "penalty": "gp"},
        {"lr": 0.0002},
        seed=1,
        run="a1",
        order=0,
        more={"kid": 0.25},
      ),
      row(None, {"norm": "none", "penalty": "gp"}, seed=2, run="b2", order=1),
    ]
  )


def test_csv_has_a_row_for_each_run():
  lines = tables.csv_text(_small()).splitlines()
  assert lines[0] == (
    "run,status,norm,penalty,lr,seed,phase,round,order,fid_last,fid_best,"
    "fid_min,kid_last,kid_best,kid_min,seconds,attempts,reason,protocol"
  )
  assert lines[1] == (
    "a1,ok,sn,gp,0.0002,1,fixed_sets,0,0,3.5,3.5,3.5,0.25,0.25,0.25,60.0,1,,aa"
  )
  [failed] = list(csv.DictReader([lines[0], lines[2]]))
  assert failed["fid_last"] == "" and failed["reason"] == "ValueError: no"


def test_setting_with_the_name_of_an_axis_has_a_column_of_its_own():
  columns, rows = tables.records(
    table([row(1.0, {"norm": "sn"}, {"norm": 2.0})], axes={"norm": ["sn"]})
  )
  assert rows[0]["norm"] == "sn" and rows[0]["setting.norm"] == 2.0
  assert set(rows[0]) == set(columns)


def test_all_files_are_written(tmp_path):
  tables.write(_small(), str(tmp_path))
  assert {path.name for path in tmp_path.iterdir()} == {
    "runs.csv",
    "runs.json",
    "summary.md",
    "summary.tex",
  }
  first, second = json.loads((tmp_path / "runs.json").read_text())
  assert first["fid_min"] == 3.5 and second["fid_min"] is None


def test_scores_that_are_no_numbers_are_left_empty():
  [found] = tables.records(table([row(float("inf"))]))[1]
  assert found["fid_last"] is None


def _summaries(found):
  summary = summary_lib.summarize(found)
  return tables.markdown(found, summary), tables.latex(found, summary)


def test_summary_labels_the_best_of_n():
  rows = [row(x, {"norm": "sn"}, {"lr": x}) for x in (3.0, 1.0, 2.0)]
  markdown, latex = _summaries(table(rows, axes={"norm": ["sn"]}))
  assert "| sn | 1 | 1 | 1/1 | best of 3 |" in markdown
  assert "| sn | 2 | 2 | 1/1 | no. 2 of 3 |" in markdown
  assert r"sn & 1 & 1 & 1/1 & best of 3 \\" in latex
  assert "no. 3" not in markdown


def test_summary_has_differences_and_failures():
  markdown, latex = _summaries(
    norms([5.0, 5.0, 4.0, None], [4.0, 4.0, 3.5, 3.0])
  )
  # The failure costs 5, the worst of all: none's mean is 4.75, sn's 3.625. With
  # such ties no p is below .05, so that the test has no interval. P: two ties.
  assert (
    "| norm | none - sn | 1 | - | 1.12 | [0.278, 1.97] | 1 | 4 "
    "| exact Mann-Whitney over seeds | .086 | .086 | 1 | .029 | 0/1 | 0.0625 "
    "| - | 0.489 | 1/0 | 0 |"
  ) in markdown
  assert "| norm | none | 1 | 4 |" in markdown  # stability
  assert "failed | ValueError: no |" in markdown
  assert markdown.startswith("# a study\n\n- The best of 2 settings")
  for text in (r"\toprule", r"\midrule", r"\bottomrule", "booktabs"):
    assert text in latex


def test_difference_keeps_its_sign_where_more_is_better():
  found = norms([5.0, 6.0], [1.0, 1.0], minimize=False)
  caption, _, rows = tables.comparison_rows(found, summary_lib.summarize(found))
  assert "positive where the first value is better" in caption
  assert rows[0][1:3] == ["none - sn", "4.5"]
  assert rows[0][10] == "too few"  # p after Holm


def test_words_are_escaped_for_latex():
  assert tables.escape("a_b & 5% #1 {x} $y\\") == (
    r"a\_b \& 5\% \#1 \{x\} \$y\textbackslash{}"
  )
  assert tables.escape("~^<>\n x") == (
    r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{} x"
  )
  _, latex = _summaries(
    table([row(1.0, {"n_1": "a&b"})], axes={"n_1": ["a&b"]}, name="50%\nx")
  )
  assert r"a\&b" in latex and r"n\_1" in latex
  assert latex.startswith("% 50% x. Needs")


def test_bars_are_escaped_for_markdown():
  markdown, _ = _summaries(table([row(1.0, {"n": "a|b"})], axes={"n": ["a|b"]}))
  assert "| a\\|b |" in markdown


def test_study_without_a_score_has_tables():
  markdown, latex = _summaries(table([row(None)]))
  assert "No training has a score yet." in markdown
  assert "Failures" in latex


def test_parquet(tmp_path):
  parquet = pytest.importorskip("pyarrow.parquet")
  path = str(tmp_path / "runs.parquet")
  tables.export_parquet(_small(), path)
  found = parquet.read_table(path).to_pylist()
  assert found == tables.records(_small())[1]


def test_parquet_without_pyarrow_is_a_sentence(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, "pyarrow", None)
  with pytest.raises(ImportError, match="pip install pyarrow"):
    tables.export_parquet(_small(), str(tmp_path / "x"))


def test_file_is_replaced_as_a_whole(tmp_path):
  path = tmp_path / "a.txt"
  tables.write_text(str(path), "one\n")
  tables.write_text(str(path), "two\n")
  assert path.read_bytes() == b"two\n"
  assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_export_csv(tmp_path):
  path = tmp_path / "out.csv"
  tables.export_csv(_small(), str(path))
  assert len(path.read_text().splitlines()) == 3


def test_numbers_of_a_table_are_exact():
  [found] = tables.records(table([row(np.float64(1) / 3)]))[1]
  assert found["fid_last"] == 1 / 3
