"""Sections of the report: the built-in ones, and those of a user."""

import re

from compare_gan.study.define import same_runs
from compare_gan.study.report import report_page
from compare_gan.study.report import sections
import gin
import pytest

from benchmarks import report as synthetic
from tests import own_package
from tests import plain_shell
from tests.setup_test import setup_arguments
from tests.study.examples import norms


def _page(tmp_path, own):
  return report_page.page(norms([3.0], [2.0]), str(tmp_path), own=own)


def _section(report):
  return sections.Section(
    "Mine & <yours>",
    html=f"<p>{len(report.table.rows)} runs</p>",
    data={"mine": [1, 2]},
    script="console.log(data.mine);",
  )


def test_built_in_sections_are_the_files_in_their_order():
  assert list(sections.built_in()) == [
    "answers",
    "method",
    "figures",
    "interaction",
    "correlation",
    "best",
    "runs",
    "failures",
  ]


def test_own_section_stands_below_the_others_with_data_and_script(tmp_path):
  text = _page(tmp_path, {"mine": _section})
  ids = re.findall(r'<section id="([\w-]+)"', text)
  assert ids == [*sections.built_in(), "own-mine"]
  assert "<h2>Mine &amp; &lt;yours></h2><p>2 runs</p>" in text.replace(
    "&gt;", ">"
  )
  assert '"mine":[1,2]' in text
  assert "<script>\nconsole.log(data.mine);\n</script>" in text


def test_data_of_another_section_is_not_overwritten(tmp_path):
  def greedy(report):
    return sections.Section("Greedy", data={"runs": []})

  with pytest.raises(ValueError, match="own-greedy has data .* 'runs'"):
    _page(tmp_path, {"greedy": greedy})


def test_what_is_no_section_is_refused(tmp_path):
  with pytest.raises(ValueError, match="own-a returned '<p>'. It must"):
    _page(tmp_path, {"a": lambda report: "<p>"})


def test_sections_are_named_by_function_or_dotted_path():
  best = "compare_gan.study.report.sections.best"
  assert list(sections.own([_section, best])) == ["_section", "best"]
  assert list(sections.own([f"{best}.section"])) == ["section"]


@pytest.mark.parametrize(
  "named,message",
  [
    (["no_such.module"], "holds 'no_such.module', which is not a section"),
    (["compare_gan.version"], "is not a section"),
    ("compare_gan.version", "must be a list"),
    ([_section, _section], "two sections named '_section'"),
  ],
)
def test_names_that_lead_nowhere_are_refused(named, message):
  with pytest.raises(ValueError, match=message):
    sections.own(named)


def test_sections_are_read_from_the_study_and_from_bindings(tmp_path):
  line = "report.sections = ['compare_gan.study.report.sections.{}']\n"
  assert not sections.read_own(str(tmp_path))
  (tmp_path / "study.gin").write_text(line.format("best"))
  assert list(sections.read_own(str(tmp_path))) == ["best"]
  assert list(sections.read_own(str(tmp_path), [line.format("runs")])) == [
    "runs"
  ]
  assert "report.sections" not in gin.config_str()  # gin is left as it was.


def test_scripts_are_installed(monkeypatch):
  patterns = setup_arguments(monkeypatch)["package_data"]
  assert "*.js" in patterns["compare_gan.study.report.sections"]


def test_the_example_of_the_documents_runs(tmp_path, monkeypatch):
  text = (plain_shell.ROOT / "CONTRIBUTING.md").read_text("utf-8")
  [code] = re.findall(
    r"```python\n# my_package/(slowest\.py\n.*?)```", text, re.S
  )
  package = tmp_path / "my_package"
  package.mkdir()
  (package / "slowest.py").write_text(code.partition("\n")[2])
  monkeypatch.syspath_prepend(str(tmp_path))
  own_package.forget()
  [line] = re.findall(r"^report\.sections = .*$", text, re.M)
  synthetic.make_study(tmp_path / "study", 4, rows=2, side=8)
  path = report_page.write(str(tmp_path / "study"), bindings=[line])
  with open(path, encoding="utf-8") as file:
    page = file.read()
  [section] = re.findall(r'<section id="own-slowest">.*?</section>', page, re.S)
  assert section.count("<li>") == 3


def test_a_study_that_was_begun_may_get_other_sections():
  base = "study.base = 'a.gin'\n"
  same_runs.require(
    "runs/a", base, base + "report.sections = ['my_package.slowest']\n"
  )
