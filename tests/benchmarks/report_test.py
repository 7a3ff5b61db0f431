"""The benchmark of reports: what it makes and what it measures."""

import json

from compare_gan.study.run import table as table_lib

from benchmarks import report


def test_study_is_complete_and_the_same_each_time(tmp_path):
  for name in ("a", "b"):
    report.make_study(tmp_path / name, runs=70, rows=3, side=2)
  a, b = (table_lib.read(str(tmp_path / name)) for name in ("a", "b"))
  assert [row._replace(folder="") for row in a.rows] == [
    row._replace(folder="") for row in b.rows
  ]
  assert len(a.rows) == 70
  states = {row.status for row in a.rows}
  assert "ok" in states and len(states) > 1
  assert all(len(row.checkpoints) == 3 for row in a.rows if row.status == "ok")


def test_figures_are_printed(tmp_path, monkeypatch, capsys):
  monkeypatch.setattr("sys.argv", ["report", "--runs", "4"])
  monkeypatch.setattr(report, "in_browser", lambda path: {"sort": 0.5})
  report.main()
  figures = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert figures["runs"] == 4 and figures["sort_seconds"] == 0.5
  assert figures["seconds"] > 0 and 0 < figures["megabytes"] < 1
