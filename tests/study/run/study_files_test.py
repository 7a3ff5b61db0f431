"""Studies that an earlier version has begun."""

import json

from compare_gan.study.run import study_files

from tests.study import fake_plan


def test_a_study_goes_on_in_the_direction_that_it_was_begun_in(
  tmp_path, capsys
):
  """An earlier version minimised all scores unless the file said otherwise."""
  study = fake_plan.study(score="recall_x", minimize=False)
  folder = str(tmp_path)
  assert study_files.as_begun(study, folder) is study
  known = {"format": 1, "score": "recall_x", "minimize": True}
  (tmp_path / "study.json").write_text(json.dumps(known))
  assert study_files.as_begun(study, folder).minimize is True
  assert "lower recall_x counts as better" in capsys.readouterr().out
  (tmp_path / "study.json").write_text(json.dumps({**known, "minimize": False}))
  assert study_files.as_begun(study, folder).minimize is False
  assert capsys.readouterr().out == ""


def test_a_study_goes_on_with_the_images_that_its_seeds_had(tmp_path):
  """An earlier version showed all seeds the same images in the same order."""
  study = fake_plan.study()
  assert study.seeds_data
  known = {"format": 1, "score": "fid", "minimize": True}
  (tmp_path / "study.json").write_text(json.dumps(known))
  assert not study_files.as_begun(study, str(tmp_path)).seeds_data
  (tmp_path / "study.json").write_text(
    json.dumps({**known, "seeds_data": True})
  )
  assert study_files.as_begun(study, str(tmp_path)).seeds_data
