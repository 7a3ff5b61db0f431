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


def _bindings(study):
  """Returns {value of the axis: what it binds}, for studies of one axis."""
  [axis] = study.axes
  return {
    cell.values[axis]: {
      name.replace("compare_gan.gans.", ""): text
      for name, text in cell.bundles.items()
    }
    for cell in cells.make_cells(study)[0]
  }


def test_an_axis_of_presets(load):
  study = load("""
study.axes = {"term": {"none": [], "bcr": "regularisers/bcr.gin"}}
""")
  bound = _bindings(study)
  assert bound["none"] == {}
  assert bound["bcr"]["bcr/term.weight"] == "10.0"
  assert bound["bcr"]["bcr/term.fn"].startswith("@")


def test_two_axes_may_each_add_a_term(load):
  study = load("""
study.axes = {"consistency": {"none": [], "bcr": "regularisers/bcr.gin"},
              "scores": {"none": [], "lecam": "regularisers/lecam.gin"}}
""")
  added = [
    sorted(n.split("/")[0] for n in cell.bundles if n.endswith("added_to"))
    for cell in cells.make_cells(study)[0]
  ]
  assert added == [[], ["lecam"], ["bcr"], ["bcr", "lecam"]]


def test_lines_override_the_presets_beside_them(load):
  study = load("""
study.axes = {"lecam": {
  0.1: ["lecam/term.weight = 0.1", "regularisers/lecam.gin"],
  0.3: ["regularisers/lecam.gin"]}}
""")
  bound = _bindings(study)
  assert bound[0.1]["lecam/term.weight"] == "0.1"
  assert bound[0.3]["lecam/term.weight"] == "0.3"


def test_a_file_beside_the_study_goes_before_one_of_the_library(load, tmp_path):
  (tmp_path / "regularisers").mkdir()
  mine = tmp_path / "regularisers" / "bcr.gin"
  mine.write_text("options.z_dim = 7\n")
  study = load('study.axes = {"term": {"mine": "regularisers/bcr.gin"}}')
  assert _bindings(study) == {"mine": {"options.z_dim": "7"}}


def test_common_lines_and_overrides_may_be_presets(load):
  study = load("""
study.axes = {"z": {"2": ["options.z_dim = 2"]}}
study.common = ["regularisers/hinge.gin"]
study.overrides = [({"z": "2"}, ["regularisers/minimax.gin"])]
""")
  [cell] = cells.make_cells(study)[0]
  [loss] = [x for name, x in cell.bindings.items() if name.endswith("loss.fn")]
  assert loss.endswith("minimax")
