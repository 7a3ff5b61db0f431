"""The kinds of --make are the files of compare_gan/looks with a `make`."""

import argparse
import sys
import types

from compare_gan import looks
import pytest


def test_each_kind_is_a_file():
  kinds = looks.kinds()
  assert {"grid", "npz", "neighbours", "spectrum", "map", "directions"} <= {
    *kinds
  }
  assert "subject" not in kinds  # which makes nothing


def test_kinds_come_in_the_order_that_was_asked():
  assert list(looks.find("spectrum,grid")) == ["spectrum", "grid"]


def test_unknown_kinds_are_named_with_those_there_are():
  with pytest.raises(ValueError, match="video, film is unknown") as error:
    looks.find("grid,video,film")
  assert all(name in str(error.value) for name in looks.kinds())


def test_a_module_of_ones_own_is_a_kind(monkeypatch):
  own = types.ModuleType("tests.looks.own_look")
  own.make = lambda subject, args: None
  monkeypatch.setitem(sys.modules, own.__name__, own)
  assert looks.find(own.__name__) == {own.__name__: own}


@pytest.mark.parametrize("name", ["tests.looks.tiny", "tests.looks.nowhere"])
def test_a_module_without_make_is_none(name):
  with pytest.raises(ValueError, match=r"a function make\(subject, args\)"):
    looks.find(name)


def test_flags_of_all_kinds_can_be_added_at_once():
  parser = argparse.ArgumentParser()
  looks.add_arguments(parser)
  args = parser.parse_args(["--neighbours=2"])
  assert (args.neighbours, args.map, args.directions) == (2, "pca", None)


def test_each_kind_has_a_line_of_help():
  lines = looks.described().splitlines()
  assert len(lines) == len(looks.kinds())
  assert all(len(line) <= 80 and line.endswith((".", ")")) for line in lines)
