"""`python -m compare_gan`: verbs, help and errors."""

from compare_gan import __main__
import pytest


def test_overview_lists_every_verb(capsys):
  assert __main__.main(["--help"]) == 0
  text = capsys.readouterr().out
  assert "import_v1" in text and "sample" in text


def test_no_verb_is_an_error(capsys):
  assert __main__.main([]) == 2
  assert "usage" in capsys.readouterr().out


def test_unknown_verb_is_named(capsys):
  assert __main__.main(["smaple"]) == 2
  assert "no verb 'smaple'" in capsys.readouterr().err


def test_dashes_are_underscores(capsys):
  with pytest.raises(SystemExit) as stop:
    __main__.main(["import-v1", "--help"])
  assert stop.value.code == 0
  assert "google/compare_gan" in capsys.readouterr().out


def test_error_is_one_sentence(capsys, tmp_path):
  arguments = [f"--model_dir={tmp_path}", "--out=x.npz"]
  assert __main__.main(["sample", *arguments]) == 1
  error = capsys.readouterr().err
  assert error.startswith("compare_gan sample: There is no checkpoint")
  assert "Traceback" not in error


def test_traceback_on_request(tmp_path):
  arguments = [f"--model_dir={tmp_path}", "--out=x.npz", "--traceback"]
  with pytest.raises(FileNotFoundError):
    __main__.main(["sample", *arguments])
