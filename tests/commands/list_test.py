"""`list` prints the kinds, or what there is of some."""

from compare_gan import __main__ as program
from compare_gan.configuration import kinds
import pytest


def _run(capsys, *words):
  code = program.main(["list", *words])
  return code, capsys.readouterr()


def test_without_a_kind_it_prints_what_chooses(capsys):
  code, printed = _run(capsys)
  assert code == 0
  lines = [line.split() for line in printed.out.splitlines()]
  assert ["losses", "loss.fn"] in lines


def test_kinds_are_printed_in_the_order_they_are_asked_for(capsys):
  _, printed = _run(capsys, "penalties", "losses")
  first, second = printed.out.split("\n\n")
  assert first.startswith("penalties, chosen by penalty.fn, penalty.terms")
  assert "\n  @dragan_penalty " in first
  assert second.startswith("losses, chosen by loss.fn:\n")
  assert "\n  @hinge " in second


def test_no_names_are_said_to_be_none(capsys, monkeypatch):
  empty = {"yours": kinds.Kind("import", list)}
  monkeypatch.setattr(kinds, "kinds", lambda: empty)
  _, printed = _run(capsys, "yours")
  assert printed.out == "yours, chosen by import:\n  none\n"


@pytest.mark.parametrize("word", ["loss", "Losses"])
def test_an_unknown_kind_is_refused_with_all_there_are(word, capsys):
  code, printed = _run(capsys, word)
  assert code == 1
  assert f"Unknown kind {word!r}" in printed.err
  assert "architectures, bundles, cards" in printed.err
