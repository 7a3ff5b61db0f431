"""docker/: what the Dockerfiles need is sent, and how check.py reads them."""

import re

import pytest

from tests.packaging import scripts

check = scripts.load("docker/check.py")

_FILES = sorted((scripts.ROOT / "docker").glob("*.Dockerfile"))


@pytest.fixture(params=_FILES, ids=lambda path: path.stem)
def steps(request):
  return check.read(request.param.read_text(encoding="utf-8"))


def _ignored():
  return (scripts.ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_comments_go_and_long_lines_are_joined():
  text = "# a\nFROM x\n\nENV A=1 \\\n    # b\n    B=2\nrun c && \\\n  d\n"
  assert check.read(text) == [
    ("FROM", "x"),
    ("ENV", "A=1 B=2"),
    ("RUN", "c && d"),
  ]


def test_variables_of_env():
  assert check.variables('A=1 B="two 2"') == {"A": "1", "B": "two 2"}


@pytest.mark.parametrize(
  "name,sent",
  [
    ("setup.py", True),
    ("compare_gan/main.py", True),
    ("compare_gan/gans/__pycache__/ema.cpython-312.pyc", False),
    ("configs/biggan_cifar.gin", True),
    ("tests/setup_test.py", False),
    (".git/config", False),
    ("runs/mine/checkpoint", False),
  ],
)
def test_what_docker_is_sent(name, sent):
  assert check.is_sent(name, _ignored()) == sent


def test_what_is_copied_is_all_that_setup_py_reads(steps, tmp_path):
  build = check.Build(tmp_path, python="")
  for step in steps:
    build.take(step)
  root = tmp_path / "root" / "opt" / "compare_gan"
  assert (root / "compare_gan" / "py.typed").is_file()
  assert (root / "configs" / "regularisers" / "r1.gin").is_file()
  assert {path.name for path in root.iterdir()} == {
    "LICENSE",
    "MANIFEST.in",
    "README.md",
    "compare_gan",
    "configs",
    "pyproject.toml",
    "setup.py",
  }


def test_nobody_is_root_and_the_base_is_pinned(steps):
  words = dict(steps)
  assert re.fullmatch(r"python:3\.\d+-slim-\w+", words["FROM"])
  assert words["USER"] == "1000"
  assert steps[-2:] == [
    ("ENTRYPOINT", '["python", "-m"]'),
    ("CMD", '["compare_gan", "--help"]'),
  ]


def test_an_unknown_instruction_is_refused(tmp_path):
  with pytest.raises(ValueError, match="does not know VOLUME"):
    check.Build(tmp_path, python="").take(check.Step("VOLUME", "/data"))


def test_a_source_that_is_left_out_is_refused(tmp_path):
  with pytest.raises(FileNotFoundError, match="COPY tests"):
    check.Build(tmp_path, python="").take(check.Step("COPY", "tests tests"))
