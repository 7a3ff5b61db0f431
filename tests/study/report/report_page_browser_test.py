"""The report of a study, in a headless Chromium where there is one."""

import json
import os
import re

from compare_gan.study.report import answers
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.run import table as table_lib
import numpy as np
import pytest

from tests.export import chromium
from tests.study.examples import norms
from tests.study.examples import row
from tests.study.examples import table
from tests.study.report import pages


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
  with chromium.browser(tmp_path_factory.mktemp("profile")) as one:
    yield one


@pytest.fixture
def page(browser, study):
  one = browser.open(study / "report" / "index.html", width=1200, height=900)
  yield one
  complaints = one.complaints()
  one.close()
  assert not complaints


@pytest.fixture
def open_page(browser, tmp_path):
  """A function that opens the page of a table."""
  opened = []

  def open_(found, **options):
    folder = tmp_path / "report"
    folder.mkdir(exist_ok=True)
    path = folder / "index.html"
    path.write_text(pages.page(found, tmp_path, **options), encoding="utf-8")
    opened.append(browser.open(path, width=1000, height=900))
    return opened[-1]

  yield open_
  complaints = [page.complaints() for page in opened]
  for one in opened:
    one.close()
  assert not any(complaints)


def _texts(page, selector):
  return page.run(
    f"[...document.querySelectorAll({json.dumps(selector)})]"
    ".map((e) => e.textContent)"
  )


def _column(page, name):
  """Returns what is shown in a column of the table of runs."""
  return page.run(f"""
    (() => {{
      const heads = [...document.querySelectorAll('#table th')];
      const names = heads.map((e) => e.textContent.replace(/[ ▲▼]/g, ''));
      const i = names.indexOf('{name}');
      return [...document.querySelectorAll('#table tbody tr[aria-rowindex]')]
        .map((row) => row.children[i].textContent);
    }})()
  """)


def _head(name):
  return (
    "[...document.querySelectorAll('#table th[data-column]')].find((e) => "
    f"e.textContent.replace(/[ ▲▼]/g, '') === '{name}')"
  )


def _choose(page, element, value):
  page.run(
    f"(() => {{ const e = {element}; e.value = {json.dumps(value)};"
    "e.dispatchEvent(new Event('change')); })()"
  )


def _shown(page):
  return page.run("get('shown').textContent")


def _wait_for_figures(page):
  """Waits until all are drawn: the browser tells their widths when it likes."""
  page.wait_for("""
    [...document.querySelectorAll('figure')]
      .filter((e) => e.redraw && e.clientWidth).every((e) => e.drawnWidth)
  """)


@chromium.required
def test_nothing_is_asked_of_a_network(page):
  page.run("document.querySelector('#table tbody .open').click()")
  page.wait_for("document.querySelector('#dialog img').complete")
  urls = page.requests()
  assert all(re.match("file:///.*index.html|data:image/", url) for url in urls)


@chromium.required
def test_page_is_not_allowed_to_load_anything(browser, study):
  page = browser.open(study / "report" / "index.html")
  code = "fetch('https://example.org').then(() => 'got', () => 'refused')"
  assert page.run(code) == "refused"
  assert "Content Security Policy" in json.dumps(page.complaints())
  page.close()


@chromium.required
def test_answers_stand_at_the_top(page, study):
  found = table_lib.read(str(study))
  want = answers.answers(found, summary_lib.summarize(found))
  assert _texts(page, "#answers li") == want
  first = page.run("document.querySelector('main section').id")
  assert first == "answers"


@chromium.required
def test_sorting_by_a_score_and_back(page):
  def scores():
    found = _column(page, "fid_classifier")
    return [float(x) for x in found if x != "–"]

  assert page.run(f"{_head('fid_classifier')}.ariaSort") == "ascending"
  assert scores() == sorted(scores()) and len(scores()) > 10
  best = scores()[0]
  page.run(f"{_head('fid_classifier')}.querySelector('button').click()")
  assert page.run(f"{_head('fid_classifier')}.ariaSort") == "descending"
  assert scores() == sorted(scores(), reverse=True) and scores()[0] > best
  page.run(f"{_head('norm')}.querySelector('button').click()")
  assert page.run(f"{_head('fid_classifier')}.ariaSort") == "none"
  assert set(_column(page, "norm")[:20]) == {"bn"}


@chromium.required
def test_runs_without_a_score_come_last_both_ways(page):
  for _ in range(2):
    page.run(
      "get('table').scrollTop = 0;"
      f"{_head('fid_classifier')}.querySelector('button').click()"
    )
    assert "–" not in _column(page, "fid_classifier")[:20]
    page.run("get('table').scrollTop = 1e6; drawRows()")
    assert _column(page, "fid_classifier")[-1] == "–"


@chromium.required
def test_sorting_by_keyboard(page):
  page.run(f"{_head('seed')}.querySelector('button').focus()")
  page.press(" ", 32)
  assert page.run(f"{_head('seed')}.ariaSort") == "ascending"
  assert set(_column(page, "seed")) == {"1"}


@chromium.required
def test_filtering_by_words(page):
  assert _shown(page) == f"{pages.RUNS} of {pages.RUNS} runs"
  page.run(
    "get('find').value = ' norm=SN  penalty=gp';"
    "get('find').dispatchEvent(new Event('input'))"
  )
  assert _shown(page) == f"8 of {pages.RUNS} runs"
  assert set(_column(page, "norm")) == {"sn"}
  assert set(_column(page, "penalty")) == {"gp"}


@chromium.required
def test_filtering_by_menus(page, study):
  menu = "[...document.querySelectorAll('#filters label')].find((e) => "
  menu += "e.firstChild.textContent === '{} ').querySelector('select')"
  _choose(page, menu.format("arch"), "1")
  assert _shown(page) == f"{pages.RUNS // 2} of {pages.RUNS} runs"
  assert set(_column(page, "arch")) == {"resnet19"}
  found = table_lib.read(str(study))
  failed = sum(
    each.status == "failed" and each.cell["arch"] == "resnet19"
    for each in found.rows
  )
  at = page.run(
    f"[...{menu.format('status')}.options]"
    ".find((o) => o.textContent === 'failed').value"
  )
  _choose(page, menu.format("status"), at)
  assert _shown(page) == f"{failed} of {pages.RUNS} runs"
  assert set(_column(page, "status")) <= {"failed"}


@chromium.required
def test_a_run_is_opened(page, study):
  ok = next(r for r in table_lib.read(str(study)).rows if r.status == "ok")
  page.run(f"showRuns([byId.get('{ok.run}')])")
  assert page.run("get('dialog').open")
  assert page.run("get('dialog-title').textContent") == f"Run {ok.run}"
  _wait_for_figures(page)
  body = page.run("get('dialog-body').textContent")
  for words in ("Samples", "Learning curves", "Gradient norms", "loss/d"):
    assert words in body
  assert "Singular values of D's layers" in body
  page.wait_for("document.querySelector('#dialog img').naturalWidth === 64")
  # 3 scores, 10 scalars, norms and spectra.
  images = "[...document.querySelectorAll('#dialog svg[role=img]')]"
  assert page.run(f"{images}.length") == 15
  names = page.run(f"{images}.map((e) => e.getAttribute('aria-label'))")
  assert "loss/penalty by step" in names
  link = page.run("document.querySelector('#dialog a').getAttribute('href')")
  assert (study / "report" / link).is_file()
  page.press("Escape", 27)
  page.wait_for("!get('dialog').open")


@chromium.required
def test_curves_are_drawn_from_the_numbers_of_the_file(page, study):
  run = table_lib.read(str(study)).rows[3].run
  file = study / "runs" / run / "scalars.csv"
  names = file.read_text().splitlines()[0].split(",")
  values = np.loadtxt(file, delimiter=",", skiprows=1)
  found = page.run(f"curvesOf(byId.get('{run}'))")
  want = values[:, [0, names.index("loss/g")]]
  np.testing.assert_allclose(found["loss/g"], want, rtol=1e-6)


@chromium.required
def test_a_run_that_failed_shows_its_log(page, study):
  failed = next(r for r in table_lib.read(str(study)).rows if r.status != "ok")
  page.run(f"showRuns([byId.get('{failed.run}')])")
  body = page.run("get('dialog-body').textContent")
  assert failed.reason in body and failed.log_tail[-1] in body
  assert "No checkpoint has a score." in body


@chromium.required
def test_failures_are_listed_with_their_reasons(page, study):
  failed = [r for r in table_lib.read(str(study)).rows if r.status != "ok"]
  listed = _texts(page, "#failures tbody > tr")
  assert len(listed) == min(10, len(failed))
  assert all(failed[0].reason in text for text in listed)
  assert failed[0].log_tail[-1] in _texts(page, "#failures pre")[0]


@chromium.required
def test_two_runs_are_compared(page):
  assert page.run("get('compare').disabled")
  page.run("document.querySelectorAll('#table tbody input')[0].click()")
  assert page.run("get('compare').disabled")
  page.run("document.querySelectorAll('#table tbody input')[2].click()")
  page.run("get('compare').click()")
  assert page.run("get('dialog-title').textContent") == "2 runs side by side"
  assert page.run("document.querySelectorAll('#dialog img').length") == 2
  heads = _texts(page, "#dialog table thead th")[:3]
  assert heads[0] == "" and len(set(heads)) == 3
  differs = _texts(page, "#dialog tr.differs th")
  assert "fid_classifier" in differs and "status" not in differs
  _wait_for_figures(page)
  figures = "document.querySelectorAll('#dialog svg[role=img]')"
  assert page.run(f"{figures}.length") > 9
  # Both runs' curves in one figure, each in its color.
  colors = page.run("""
    [...[...document.querySelectorAll('#dialog svg')]
      .find((e) => e.getAttribute('aria-label') === 'loss/d by step')
      .querySelectorAll('path')].map((e) => e.getAttribute('stroke'))
  """)
  assert colors == ["var(--c0)", "var(--c1)"]
  page.run("get('close').click(); get('unselect').click()")
  assert page.run("state.selected.size") == 0
  assert page.run("get('compare').disabled")


@chromium.required
def test_four_runs_at_most_are_compared(page):
  for i in range(5):
    page.run(f"document.querySelectorAll('#table tbody input')[{i}].click()")
  assert page.run("state.selected.size") == 4
  assert "Four runs at most" in _shown(page)
  checked = page.run("document.querySelectorAll('#table input:checked').length")
  assert checked == 4


@chromium.required
def test_only_rows_that_are_seen_are_drawn(page):
  count = "document.querySelectorAll('#table tbody tr[aria-rowindex]').length"
  assert 15 < page.run(count) < 60
  height = page.run("get('table').scrollHeight")
  assert abs(height - pages.RUNS * 32) < 100
  page.run("get('table').scrollTop = 1e6")
  page.wait_for(
    "[...document.querySelectorAll('#table tbody tr')]"
    f".some((e) => e.getAttribute('aria-rowindex') === '{pages.RUNS + 1}')"
  )
  assert page.run(count) < 60


@chromium.required
def test_menus_change_the_figures(page):
  def wait_for_count(selector, count):
    page.wait_for(f'document.querySelectorAll("{selector}").length === {count}')

  _choose(page, "get('axis')", "arch")
  wait_for_count("#boxes svg text > title", 2)
  labels = _texts(page, "#boxes svg text > title")
  assert [label.split(" ")[0] for label in labels] == ["sndcgan", "resnet19"]
  _choose(page, "get('axis')", "penalty")
  wait_for_count("#effects svg text > title", 3)
  _choose(page, "get('reference')", "")
  wait_for_count("#effects svg text > title", 6)
  _choose(page, "get('reference')", "l2")
  wait_for_count("#effects svg text > title", 3)
  assert "difference of fid_classifier to l2, negative is better" in _texts(
    page, "#effects svg .label"
  )
  _choose(page, "get('curve-kind')", "simulated")
  wait_for_count("#budget svg path[opacity='0.13']", 4)
  _choose(page, "get('interaction-columns')", "loss")
  wait_for_count("#interaction svg rect", 8)
  _choose(page, "get('interaction-rows')", "loss")
  assert "Choose two different axes." in _texts(page, "#interaction p")


@chromium.required
def test_a_number_of_settings_is_whole(page):
  points = "[{name: 'a', points: [[1, 200], [3, 100]]}]"
  words = "name: 'n', x: 'k', y: 's', wholeX: true"
  page.run(f"get('budget').replaceChildren(lineFigure({points}, {{{words}}}))")
  page.wait_for("document.querySelectorAll('#budget svg text').length > 4")
  found = _texts(page, "#budget svg text")
  assert {"1", "2", "3"} <= set(found)
  assert not [text for text in found if "." in text]


@chromium.required
def test_effect_turns_with_the_reference(page, study):
  _choose(page, "get('axis')", "norm")
  forth, back = (
    page.run(f"against('norm', '{ref}').find((e) => e.label === '{other}')")
    for ref, other in (("none", "sn"), ("sn", "none"))
  )
  assert forth["mean"] == -back["mean"] < 0
  assert forth["t"] == [-back["t"][1], -back["t"][0]]
  assert forth["t"][0] < forth["mean"] < forth["t"][1]


@chromium.required
def test_interaction_is_turned_with_its_menus(page):
  there = page.run("interactionOf('norm', 'loss')")
  back = page.run("interactionOf('loss', 'norm')")
  assert np.array_equal(np.transpose(there["counts"]), back["counts"])


@chromium.required
def test_each_figure_has_its_numbers_behind_it(page):
  for part in ("boxes", "budget", "effects", "interaction", "correlation"):
    code = f"document.querySelector('#{part} details')"
    page.run(f"{code}.open = true")
    page.wait_for(f"{code}.querySelectorAll('tbody tr').length > 2")


@chromium.required
def test_everything_that_can_be_used_can_be_reached_and_has_a_name(page):
  page.run("document.querySelector('#table tbody .open').click()")
  _wait_for_figures(page)
  nameless = page.run("""
    [...document.querySelectorAll('button, input, select, a, summary')]
      .filter((e) => e.tabIndex < 0 || !(e.ariaLabel || e.textContent.trim()
        || (e.labels && e.labels[0] && e.labels[0].textContent.trim())))
      .map((e) => e.outerHTML)
  """)
  assert not nameless
  assert not page.run(
    "[...document.querySelectorAll('figure svg')]"
    ".filter((e) => !e.getAttribute('aria-label')).length"
  )


@chromium.required
def test_narrow_screen(browser, study):
  path = study / "report" / "index.html"
  page = browser.open(path, width=400, height=800, mobile=True)
  assert page.run("document.documentElement.scrollWidth") <= 400
  page.run("document.querySelector('#table tbody .open').click()")
  assert page.run("get('dialog').scrollWidth") <= 400
  assert not page.complaints()
  page.close()


def _lightness(page):
  color = page.run("getComputedStyle(document.body).backgroundColor")
  return sum(map(int, re.findall(r"\d+", color)[:3]))


@chromium.required
def test_colors_are_the_system_s_or_chosen(page):
  for scheme, is_light in (("light", True), ("dark", False)):
    page.call(
      "Emulation.setEmulatedMedia",
      features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    assert (_lightness(page) > 600) == is_light
    _choose(page, "get('theme')", "light")
    assert _lightness(page) > 600
    _choose(page, "get('theme')", "dark")
    assert _lightness(page) < 150
    _choose(page, "get('theme')", "")
  assert (_lightness(page) > 600) is False


_NASTY = "</script><b>{{style}}"


@chromium.required
def test_names_are_text(open_page):
  rows = [
    row(1.0, {_NASTY: _NASTY}, {"lr": 1.0}, reason="<i>no</i>"),
    row(None, {_NASTY: _NASTY}, {"lr": 2.0}, log_tail=["<u>log</u>"]),
  ]
  page = open_page(table(rows, axes={_NASTY: [_NASTY]}, name=_NASTY))
  assert page.run("document.title") == _NASTY
  assert page.run("document.querySelector('b, i, u')") is None
  assert _NASTY in _column(page, _NASTY)[0]
  assert _texts(page, "#failures pre") == ["<u>log</u>"]


@chromium.required
@pytest.mark.parametrize(
  "rows,axes",
  [
    ([], {}),
    ([], {"norm": ["none", "sn"]}),
    ([row(None, {"norm": "none"})], {"norm": ["none", "sn"]}),
    ([row(1.0)], {}),
    ([row(1.0, {"norm": "sn"})], {"norm": ["none", "sn"]}),
    ([row(None, {"norm": "sn"}, status="waiting")], {"norm": ["sn"]}),
  ],
  ids=["empty", "no runs", "failure", "no axes", "one run", "waiting"],
)
def test_studies_with_little_in_them(open_page, rows, axes):
  page = open_page(table(rows, axes=axes))
  assert _shown(page) == f"{len(rows)} of {len(rows)} runs"
  if rows:
    page.run("document.querySelector('#table tbody .open').click()")
    assert page.run("get('dialog').open")


@chromium.required
def test_values_that_are_no_text_are_shown(open_page):
  rows = [row(float(steps), {"steps": steps}) for steps in (10, 20)]
  page = open_page(table(rows, axes={"steps": [10, 20]}))
  assert _column(page, "steps") == ["10", "20"]


@chromium.required
def test_where_more_is_better_the_page_says_so(open_page):
  page = open_page(norms([5.0, 6.0], [1.0, 2.5], minimize=False))
  assert "fid (higher is better)" in page.run("get('subtitle').textContent")
  assert page.run(f"{_head('fid')}.ariaSort") == "descending"
  assert _column(page, "fid") == ["6", "5", "2.5", "1"]


@chromium.required
def test_warning_is_seen(open_page):
  rows = [row(1.0), row(2.0, seed=1, protocol="bb")]
  page = open_page(table(rows, axes={}))
  assert "2 different protocols" in _texts(page, ".warning")[0]


@chromium.required
def test_pictures_that_were_left_out_are_told_and_linked(open_page, tmp_path):
  found = pages.with_pictures(tmp_path, [1.0, 2.0])
  page = open_page(found, max_megabytes=0)
  assert "no picture of 2 runs" in page.run("get('left-out').textContent")
  page.run("document.querySelector('#table tbody .open').click()")
  link = page.run("document.querySelector('#dialog a').getAttribute('href')")
  assert os.path.isfile(tmp_path / "report" / link)


@chromium.required
def test_pictures_that_a_user_made_are_shown_with_their_run(
  open_page, tmp_path
):
  page = open_page(pages.with_more_pictures(tmp_path, [1.0]))
  page.run("document.querySelector('#table tbody .open').click()")
  assert "spectrum" in _texts(page, "#dialog h4")
  source = page.run("document.querySelector('.more img').getAttribute('src')")
  assert source.startswith("data:image/")
