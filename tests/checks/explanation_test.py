"""`explain` says each value, where it is set, and what it means."""

import json
import sys

from compare_gan import __main__ as program
from compare_gan.checks import explanation
from compare_gan.configuration import late_names
import pytest

from tests.checks import wrong_configurations

pytestmark = pytest.mark.versions("annotations are read, and TensorFlow's too")


@pytest.fixture(name="card")
def _card(tmp_path):
  path = tmp_path / "card.gin"
  lines = [
    *wrong_configurations.BASE,
    "ModularGAN.g_lr = 0.001",
    "penalty.terms = [@r1/term()]",
    "r1/term.fn = @r1",
    "r1/term.weight = 2.5",
    "loss.fn = @lsgan",
    "width = 3",
    "sndcgan.Generator.ch = %width",
  ]
  path.write_text("\n".join(lines))
  return str(path)


def _by_name(entries):
  return {entry.name: entry for entry in entries}


def test_a_bound_value_has_its_line_and_its_default(card):
  entry = _by_name(explanation.explain([card]))["ModularGAN.g_lr"]
  assert entry.value == "0.001"
  assert entry.place == f"{card}:9"
  assert entry.default == "0.0002"
  assert entry.meaning.startswith("learning rates, numbers or schedules")
  assert entry.accepted == "a number of 0 or more, or a reference @name"


def test_a_default_is_in_force_too(card):
  entry = _by_name(explanation.explain([card]))["options.disc_iters"]
  assert (entry.value, entry.place) == ("1", "default")
  assert entry.meaning == "D updates per step."


@pytest.mark.parametrize(
  "name,value",
  [
    ("r1/term.weight", "2.5"),  # in the scope of its reference
    ("lsgan.b", "1.0"),  # which only a step reads
    ("G.upsampling", "'unpool'"),  # which a constructor reads
    ("sndcgan.Generator.ch", "3"),  # of a macro
    ("tf.train.AdamOptimizer.beta1", "0.9"),  # of a default's class
  ],
)
def test_what_runs_is_explained(name, value, card):
  assert _by_name(explanation.explain([card]))[name].value == value


def test_what_does_not_run_is_not_explained(card):
  owners = {entry.owner for entry in explanation.explain([card])}
  assert not owners & {"dcgan.Generator", "hinge", "SSGAN"}


def test_papers_are_those_of_the_docstring(card):
  entry = _by_name(explanation.explain([card]))["lsgan.a"]
  assert all(
    paper.startswith("https://arxiv.org/abs/") for paper in entry.papers
  )
  assert entry.papers


def test_differences_are_symmetric(card):
  one = explanation.explain([card])
  two = explanation.explain([card], ["options.z_dim = 16", "loss.fn = @hinge"])
  there, back = explanation.diff(one, two), explanation.diff(two, one)
  assert [x.name for x in there] == [x.name for x in back]
  assert [x.first for x in there] == [x.second for x in back]
  names = {x.name for x in there}
  assert {"options.z_dim", "loss.fn", "lsgan.a"} == names - {
    "lsgan.b",
    "lsgan.c",
  }
  assert explanation.diff(one, one) == []


def test_a_card_with_a_mistake_is_explained_as_far_as_it_goes(card):
  found = _by_name(explanation.explain([card], ["D.spectral_norm = 'yes'"]))
  assert found["options.batch_size"].value == "8"


def test_a_folder_is_explained_by_what_was_recorded(card, tmp_path):
  run = tmp_path / "run"
  run.mkdir()
  (run / "operative_config-0.gin").write_text("options.z_dim = 5\n")
  [file] = explanation.files_of(str(run))
  assert file.endswith("operative_config-0.gin")
  assert explanation.files_of(card) == [card]


# ---- The command -------------------------------------------------------------


def test_explain_prints_values_and_meanings(card, capsys):
  assert program.main(["explain", card]) == 0
  printed = capsys.readouterr().out
  assert f"\n  batch_size = 8  {card}:4\n" in printed
  assert "images per D update" in printed


def test_diff_is_printed_as_json(card, tmp_path, capsys):
  other = tmp_path / "other.gin"
  with open(card) as file:
    other.write_text(file.read().replace("0.001", "0.002"))
  program.main(["explain", "--diff", card, str(other), "--json"])
  [row] = json.loads(capsys.readouterr().out)
  assert row["name"] == "ModularGAN.g_lr"
  assert (row["first"]["value"], row["second"]["value"]) == ("0.001", "0.002")


def test_search_finds_meanings(capsys):
  assert program.main(["explain", "--search", "warmup", "--short"]) == 0
  printed = capsys.readouterr().out
  assert "cosine_schedule" in printed
  assert "  ema_warmup = False" in printed


def test_search_loads_names_that_wait_for_their_first_use(
  tmp_path, monkeypatch
):
  (tmp_path / "rare_names_of_a_test.py").write_text("")
  monkeypatch.syspath_prepend(tmp_path)
  late_names.load_when_named("rare_names_of_a_test", ["Rare"])
  try:
    explanation.search("batch_size")
  finally:
    del late_names._MODULES["Rare"]
  assert sys.modules.pop("rare_names_of_a_test", None)


@pytest.mark.parametrize("words", [["--diff", "a.gin"], []])
def test_what_is_not_enough_is_refused(words):
  assert program.main(["explain", *words]) == 1
