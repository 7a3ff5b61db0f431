"""Tables of google/compare_gan as studies."""

import math

from compare_gan.study.report import import_scores
from compare_gan.study.run import table as table_lib
import pytest

_HEADER = (
  "checkpoint_path,step,fid_score_list,fid_score_mean,fid_score_std,"
  "inception_score_list,inception_score_mean,inception_score_std,"
)


def _line(path, step, fid, *bindings):
  scores = f"{fid}_{fid},{fid},0.000,7.000_7.000,7.000,0.000"
  return ",".join([path, str(step), scores, *bindings]) + "\n"


def _file(folder, name, bindings, *lines):
  path = folder / name
  path.write_text(_HEADER + bindings + "\n" + "".join(lines))
  return str(path)


def test_axes_are_the_bindings_that_differ(tmp_path):
  names = "D.spectral_norm,loss.fn,options.z_dim"
  first = _file(
    tmp_path,
    "a.csv",
    names,
    _line("a/model.ckpt-100", 100, "40.5", "True", "@hinge", "128"),
    _line("a/model.ckpt-200", 200, "31.25", "True", "@hinge", "128"),
  )
  second = _file(
    tmp_path,
    "b.csv",
    names,
    _line("b/model.ckpt-200", 200, "50.0", "False", "@hinge", "128"),
    _line("c/model.ckpt-200", 200, "20.0", "False", "@wasserstein", "128"),
  )
  found = import_scores.read([first, second])
  assert found.study["axes"] == {
    "D.spectral_norm": ["False", "True"],
    "loss.fn": ["@hinge", "@wasserstein"],
  }
  assert (found.study["score"], found.study["minimize"]) == ("fid", True)
  assert [table_lib.value(row, found.study) for row in found.rows] == [
    31.25,
    50.0,
    20.0,
  ]
  assert found.rows[0].cell == {"D.spectral_norm": "True", "loss.fn": "@hinge"}
  assert [each["step"] for each in found.rows[0].checkpoints] == [100, 200]
  assert found.rows[0].scores["inception_score"]["last"] == 7.0


def test_rows_of_one_file_and_cell_are_runs_by_their_model_dir(tmp_path):
  path = _file(
    tmp_path,
    "a.csv",
    "run_config.tf_random_seed",
    _line("a/model.ckpt-1", 1, "3.0", "1"),
    _line("a/tfhub/2", 2, "2.0", "1"),
    _line("b/model.ckpt-2", 2, "5.0", "2"),
  )
  found = import_scores.read([path])
  assert [row.seed for row in found.rows] == [1, 2]
  assert found.study["axes"] == {} and found.study["seeds"] == 2
  assert [len(row.checkpoints) for row in found.rows] == [2, 1]
  assert len({row.run for row in found.rows}) == 2


def test_bindings_that_coincide_are_one_axis(tmp_path):
  path = _file(
    tmp_path,
    "a.csv",
    "options.lamba,penalty.fn",
    _line("a/1", 1, "3.0", "", "@no_penalty"),
    _line("b/1", 1, "2.0", "10", "@wgangp_penalty"),
  )
  [axis] = import_scores.read([path]).study["axes"]
  assert axis == "penalty.fn"


def test_binding_that_one_run_lacks_has_a_value_for_it(tmp_path):
  path = _file(
    tmp_path,
    "a.csv",
    "G.x",
    _line("a/1", 1, "3.0", "10"),
    _line("b/1", 1, "2.0", "9"),
    _line("c/1", 1, "2.0", ""),
  )
  axes = import_scores.read([path]).study["axes"]
  assert axes == {"G.x": ["9", "10", "(not set)"]}


def test_many_numbers_are_a_setting(tmp_path):
  lines = [
    _line(f"{i}/1", 1, "3.0", f"{0.001 * i:g}", f"{i / 20:g}")
    for i in range(1, 12)
  ]
  path = _file(tmp_path, "a.csv", "options.beta1,options.lr", *lines)
  found = import_scores.read([path])
  assert found.study["axes"] == {}
  assert found.rows[1].settings == {"options.beta1": 0.002, "options.lr": 0.1}
  assert set(import_scores.read([path], most_values=11).study["axes"]) == {
    "options.beta1"
  }


def test_nan_of_the_original_is_a_collapse(tmp_path):
  path = _file(
    tmp_path,
    "a.csv",
    "G.x",
    _line("a/1", 1, "3.0", "1"),
    _line("a/2", 2, "31337.000", "1"),
  )
  [row] = import_scores.read([path]).rows
  assert row.status == "collapsed" and "NaN" in row.reason
  assert math.isnan(row.checkpoints[-1]["scores"]["fid"])
  [row] = _written(tmp_path, [path]).rows
  assert row.status == "collapsed"


def _written(folder, paths, **options):
  out = str(folder / "study")
  import_scores.write(import_scores.read(paths, **options), out)
  return table_lib.read(out)


def test_written_study_is_read_back(tmp_path):
  path = _file(
    tmp_path,
    "a.csv",
    "G.x",
    _line("a/1", 1, "3.0", "1"),
    _line("a/2", 2, "4.0", "1"),
    _line("b/2", 2, "5.0", "2"),
  )
  want = import_scores.read([path], checkpoint="min")
  got = _written(tmp_path, [path], checkpoint="min")
  assert got.study == want.study
  assert [table_lib.value(row, got.study) for row in got.rows] == [3.0, 5.0]
  for a, b in zip(want.rows, got.rows):
    assert b._replace(folder="") == a


def test_a_study_is_not_written_over(tmp_path):
  path = _file(tmp_path, "a.csv", "G.x", _line("a/1", 1, "3.0", "1"))
  _written(tmp_path, [path])
  with pytest.raises(FileExistsError, match="--out"):
    _written(tmp_path, [path])


def test_more_is_better_of_the_inception_score(tmp_path):
  path = _file(tmp_path, "a.csv", "G.x", _line("a/1", 1, "3.0", "1"))
  found = import_scores.read([path], score="inception_score")
  assert found.study["minimize"] is False


def test_files_that_hold_no_scores_are_refused(tmp_path):
  path = tmp_path / "a.csv"
  path.write_text("a,b\n1,2\n")
  with pytest.raises(ValueError, match="a.csv .*'step'"):
    import_scores.read([str(path)])
  path.write_text("step,G.x\n1,2\n")
  with pytest.raises(ValueError, match="<score>_mean"):
    import_scores.read([str(path)])
  path.write_text("step,fid_score_mean\nlast,2\n")
  with pytest.raises(ValueError, match="line 2: the step is 'last'"):
    import_scores.read([str(path)])
  path.write_text("step,fid_score_mean\n1,2\n")
  with pytest.raises(ValueError, match="no score 'kid'. Choose one of fid"):
    import_scores.read([str(path)], score="kid")
