"""Subjects are found by themselves, and none can stop the doctor."""

import types

from compare_gan import doctor
from compare_gan.doctor import finding


def _subject(order, look):
  return types.SimpleNamespace(ORDER=order, look=look)


def test_each_file_with_a_look_is_a_subject():
  assert list(doctor.subjects()) == [
    "versions",
    "machine",
    "devices",
    "tiny_step",
    "data_files",
    "optional_parts",
  ]


def test_a_new_file_is_a_new_subject(tmp_path, monkeypatch):
  (tmp_path / "weather.py").write_text(
    "from compare_gan.doctor.finding import ok\n"
    "ORDER = 5\n"
    "def look(asked): return [ok('sky', 'blue')]\n"
  )
  monkeypatch.setattr(doctor, "__path__", [str(tmp_path)])
  assert list(doctor.examine(finding.Asked())) == [
    ("weather", [finding.ok("sky", "blue")])
  ]


def test_a_look_that_fails_is_a_finding_and_the_next_one_is_made(monkeypatch):
  def fails(asked):
    raise RuntimeError("no\nluck")

  fine = finding.ok("a", "b")
  subjects = {
    "tiny_step": _subject(1, fails),
    "rest": _subject(2, lambda asked: [fine]),
  }
  monkeypatch.setattr(doctor, "subjects", lambda: subjects)
  [first, second] = doctor.examine(finding.Asked())
  assert second == ("rest", [fine])
  [failed] = first[1]
  assert (failed.subject, failed.state) == ("tiny step", finding.WRONG)
  assert failed.found == "cannot be looked at: RuntimeError: no luck"
  assert failed.advice


def test_a_subject_that_cannot_be_imported_is_a_finding(tmp_path, monkeypatch):
  (tmp_path / "lacking.py").write_text("import there_is_no_such_module_here")
  monkeypatch.setattr(doctor, "__path__", [str(tmp_path)])
  [(name, [found])] = doctor.examine(finding.Asked())
  assert name == "lacking"
  assert "No module named 'there_is_no_such_module_here'" in found.found
