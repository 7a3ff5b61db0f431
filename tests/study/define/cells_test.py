"""Axes that bind the same: they may agree."""

from compare_gan.study.define import cells
import pytest


def test_axes_that_contradict_each_other_are_both_named(load):
  study = load("""
study.axes = {"norm": {"sn": ["D.spectral_norm = True"]},
              "arch": {"plain": ["D.spectral_norm = False"]}}
""")
  with pytest.raises(
    ValueError, match="norm = 'sn' binds D.spectral_norm.*arch = 'plain'"
  ):
    cells.make_cells(study)


def test_axes_may_agree(load):
  study = load("""
study.axes = {"norm": {"sn": ["D.spectral_norm = True"]},
              "arch": {"plain": ["D.spectral_norm = True"]}}
""")
  assert len(cells.make_cells(study)[0]) == 1
