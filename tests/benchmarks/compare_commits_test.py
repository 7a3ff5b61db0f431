"""How steps of two commits are taken in turn and compared."""

import subprocess

import pytest

from benchmarks import compare_commits
from tests import plain_shell


def test_ratios_are_those_of_the_fastest_and_of_the_median_round():
  # (seconds, CPU seconds): the second round of base was disturbed.
  pairs = [((2.0, 1.0), (1.0, 0.8)), ((9.0, 1.0), (1.8, 0.5))]
  pairs.append(((2.5, 1.0), (1.5, 0.6)))
  found = compare_commits.summary(pairs)
  assert found["base_ms"] == [2000.0, 2500.0]
  assert found["ours_ms"] == [1000.0, 1500.0]
  assert found["ratio_of_fastest"] == 0.5
  assert found["ratios"] == [0.5, 0.2, 0.6]
  assert (found["median_ratio"], found["cpu_ratio"]) == (0.5, 0.6)


def test_a_commit_is_checked_out_beside_the_working_tree(tmp_path, monkeypatch):
  def git(*words):
    subprocess.run(
      ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words],
      check=True,
      cwd=tmp_path,
      env=plain_shell.environment(),
    )

  git("init", "-q")
  (tmp_path / "a.txt").write_text("old")
  git("add", "a.txt")
  git("commit", "-qm", "A file")
  (tmp_path / "a.txt").write_text("new")
  monkeypatch.chdir(tmp_path)
  with compare_commits.checked_out("HEAD") as folder:
    with open(f"{folder}/a.txt") as file:
      assert file.read() == "old"
  assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("wrong", ["--rounds=0", "--steps=0"])
def test_there_is_something_to_compare(wrong):
  with pytest.raises(SystemExit):
    compare_commits.main(["HEAD", wrong])
