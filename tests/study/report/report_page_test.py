"""What a report's page holds: figures, facts, warnings, pictures."""

import json
import re
import shutil

from compare_gan.study.report import answers
from compare_gan.study.report import report_page
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.run import table as table_lib
import pytest

from tests.setup_test import setup_arguments
from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table
from tests.study.report import pages


def test_page_and_tables_are_written(study):
  assert {path.name for path in (study / "report").iterdir()} == {
    "index.html",
    "runs.csv",
    "runs.json",
    "summary.md",
    "summary.tex",
  }
  found = table_lib.read(str(study))
  data = pages.data((study / "report" / "index.html").read_text())
  assert data["answers"] == answers.answers(found, summary_lib.summarize(found))
  assert [run["id"] for run in data["runs"]] == [row.run for row in found.rows]


def test_page_asks_for_nothing_outside(study):
  text = (study / "report" / "index.html").read_text()
  # The name of SVG's tags is no address that anything is loaded from.
  text = text.replace("http://www.w3.org/2000/svg", "")
  assert not re.search(r"https?:", text)
  assert "default-src 'none'" in text


def test_figures_are_in_the_score_s_own_sense(tmp_path):
  found = norms([5.0, 6.0], [1.0, 2.5], minimize=False)
  data = pages.data(pages.page(found, tmp_path))
  assert data["boxes"]["norm"]["none"]["five"] == [5.5] * 5
  assert data["curves"]["norm"]["sn"]["exact"] == [1.75]
  [compared] = data["comparisons"]["norm"]
  assert (compared["first"], compared["second"]) == ("none", "sn")
  assert compared["mean"] == -3.75
  assert compared["t"] == sorted(compared["t"])
  assert [best["top"][0]["value"] for best in data["best"]] == [5.5, 1.75]


def test_failures_are_no_numbers(tmp_path):
  text = pages.page(norms([None, None], [1.0, None]), tmp_path)
  data = pages.data(text)
  assert data["boxes"]["norm"]["none"]["five"] == [None] * 5
  assert data["best"][1]["top"][0]["value"] is None
  assert "Infinity" not in text.split('id="data">')[1].split("<script>")[0]


def test_metrics_begin_with_the_score(tmp_path):
  rows = [row(float(i), seed=i, more={"a": -float(i)}) for i in range(4)]
  data = pages.data(pages.page(table(rows, axes={}), tmp_path))
  assert data["metrics"] == ["fid", "a"]
  assert data["correlation"]["rho"] == [[1, -1], [-1, 1]]


def test_facts_name_score_rule_seeds_and_protocol(tmp_path):
  facts = dict(
    pages.data(pages.page(norms([3.0], [2.0], checkpoint="min"), tmp_path))[
      "facts"
    ]
  )
  assert "fid, lower is better, the best over all" in facts["Score"]
  assert facts["Protocol"] == "aa"
  assert facts["Runs"] == "2: 2 ok"
  assert "up to 2 seeds" in facts["Settings"]
  assert "as 3, the worst" in facts["Value of a setting"]


@pytest.mark.parametrize(
  "known,sentence",
  [
    ({"seeds_data": True}, "dataset.seed follows the run's seed. None was"),
    ({"seeds_data": False}, "the same for all, those of dataset.seed"),
    ({}, "the same for all, those of dataset.seed"),  # of an earlier version
    ({"phases": ["imported"]}, "the scores were imported"),
    (
      {"seeds": 5, "seeds_at_first": 2},
      "begun with 2 and has 5: 3 added later.",
    ),
  ],
)
def test_facts_say_how_seeds_differ_and_whether_some_came_later(
  known, sentence, tmp_path
):
  table = norms([3.0], [2.0])
  table = table._replace(study={**table.study, **known})
  facts = dict(pages.data(pages.page(table, tmp_path))["facts"])
  assert sentence in facts["Seeds"]


def test_facts_name_unit_tests_and_family(tmp_path):
  rows = [
    row(float(i + lr), {"norm": norm, "penalty": "gp"}, {"lr": lr})
    for i, norm in enumerate(["none", "sn"])
    for lr in range(6)
  ]
  rows += [row(1.0, {"norm": "sn", "penalty": "none"}, {"lr": 1})]
  data = pages.data(pages.page(table(rows), tmp_path))
  effects = dict(data["facts"])["Effects"]
  assert "The unit is the setting" in effects
  assert "Here: exact Wilcoxon over settings; none: a side has one" in effects
  assert "the whole report: 1 of 2 comparisons" in effects
  [compared] = data["comparisons"]["norm"]
  assert compared["n"] == 6 and compared["unit"] == "settings"
  assert compared["interval"] == [1, 1] and compared["n_tests"] == 1
  [few] = data["comparisons"]["penalty"]
  assert few["p_holm"] is None and few["interval"] == [None, None]


def test_report_remembers_what_it_said_of_fewer_runs(study):
  folder = study.parent / "grown"
  shutil.copytree(study, folder)
  ended = sum(
    row.status not in ("running", "waiting")
    for row in table_lib.read(str(folder)).rows
  )
  looks = folder / "looks.jsonl"
  [line] = looks.read_text().splitlines()
  assert json.loads(line)["ended"] == ended
  looks.write_text('{"ended": 5, "shown": [["norm", "x", "y"]]}\n')
  report_page.write(str(folder))
  report_page.write(str(folder))  # The same look twice is one.
  assert len(looks.read_text().splitlines()) == 2
  data = pages.data((folder / "report" / "index.html").read_text())
  [found] = [text for text in data["answers"] if "made before" in text]
  assert "after 5: " in found and "norm, x and y: shown then, not now" in found


def test_unlike_protocols_are_a_warning(tmp_path):
  rows = [row(1.0), row(2.0, seed=1, protocol="bb")]
  [warning] = pages.data(pages.page(table(rows, axes={}), tmp_path))["warnings"]
  assert "2 different protocols (aa, bb)" in warning
  assert not pages.data(pages.page(table(rows[:1], axes={}), tmp_path))[
    "warnings"
  ]


def test_pictures_are_in_the_page(tmp_path):
  found = pages.with_pictures(tmp_path, [1.0, 2.0])
  text = pages.page(found, tmp_path)
  assert pages.data(text)["left_out"] == []
  for each in found.rows:
    assert pages.data(text)["pictures"][each.run].startswith("data:image/")
  run = found.rows[0].run
  details = pages.data(text, "details")
  assert details[0]["picture_file"] == f"../runs/{run}/samples/step-5.png"


def test_pictures_of_the_worst_are_left_out_of_a_page_that_is_too_large(
  tmp_path,
):
  found = pages.with_pictures(tmp_path, [3.0, 1.0, None, 2.0])
  data = pages.data(pages.page(found, tmp_path))
  without = len(json.dumps(data)) - sum(map(len, data["pictures"].values()))
  data = pages.data(
    pages.page(found, tmp_path, max_megabytes=(without + 20000) / 2**20)
  )
  kept = [found.rows[i].run for i in (1, 3)]
  assert sorted(data["pictures"]) == sorted(kept)
  assert data["left_out"] == [found.rows[i].run for i in (0, 2)]


def test_page_is_as_large_as_allowed(tmp_path):
  found = pages.with_pictures(tmp_path, [1.0] * 40)
  assert len(pages.page(found, tmp_path, max_megabytes=0.5)) < 0.6 * 2**20


def test_pictures_that_a_user_made_of_a_run_are_in_the_page(tmp_path):
  found = pages.with_more_pictures(tmp_path, [1.0])
  [run] = [each.run for each in found.rows]
  text = pages.page(found, tmp_path)
  uri = pages.data(text)["more_pictures"][run]["spectrum"]
  assert uri.startswith("data:image/")
  [detail] = pages.data(text, "details")
  assert detail["more_files"] == {
    "spectrum": f"../runs/{run}/pictures/spectrum.png"
  }


def test_of_such_pictures_too_those_of_the_worst_are_left_out(tmp_path):
  found = pages.with_more_pictures(tmp_path, [3.0, 1.0, 2.0])
  whole = pages.page(found, tmp_path)
  one = len(pages.data(whole)["more_pictures"][found.rows[0].run]["spectrum"])
  few = pages.page(
    found, tmp_path, max_megabytes=(len(whole) - 1.9 * one) / 2**20
  )
  assert found.rows[1].run in pages.data(few)["more_pictures"]
  assert found.rows[0].run not in pages.data(few)["more_pictures"]


def test_parts_of_the_page_are_installed(monkeypatch):
  patterns = setup_arguments(monkeypatch)["package_data"][
    "compare_gan.study.report"
  ]
  assert {"*.html", "*.css", "*.js"} <= set(patterns)
