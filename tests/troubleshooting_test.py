"""docs/troubleshooting.md: each question has an answer and a working command.

What the front door runs (tests/front_door/lines.py) is left to it. Commands
that train for minutes are read here as the program reads them: the verb, its
flags, its gin files and every binding.
"""

import pathlib
import re
import shlex

from absl.testing import flagsaver
from compare_gan import __main__ as program
from compare_gan import main
from compare_gan.checks import check
from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds
import gin
import pytest

from tests import plain_shell
from tests.documents_test import tidy
from tests.front_door import lines

_PAGE = plain_shell.ROOT / "docs" / "troubleshooting.md"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# The themes of users' questions, most frequent first: a word of each heading.
_THEMES = (
  "own images",
  "FID does not match",
  "NaN",
  "resume",
  "images from a checkpoint",
  "memory",
  "very long",
  "Which TensorFlow",
  "learning rate",
  "gin",
  "GPUs",
  "metric crashes",
  "pretrained",
  "another architecture",
  "documentation",
  "without the whole experiment",
  "statistics",
  "Which number",
  "tracking service",
  "losses tell",
)


def _sections():
  """Returns {heading: text below it}."""
  parts = re.split(r"^## (.+)\n", _PAGE.read_text(encoding="utf-8"), flags=re.M)
  return dict(zip(parts[1::2], parts[2::2]))


def _commands():
  """Returns (language, text) of the one block of each section."""
  return [_FENCE.findall(text)[-1] for text in _sections().values()]


_LINES = [tidy(text) for language, text in _commands() if not language]


def test_each_theme_has_a_question():
  headings = list(_sections())
  assert len(headings) == len(_THEMES) == 20
  for theme, heading in zip(_THEMES, headings):
    assert theme in heading


@pytest.mark.parametrize("heading", _sections())
def test_an_answer_is_short_and_ends_with_one_command(heading):
  text = _sections()[heading]
  [(_, command)] = _FENCE.findall(text)
  assert text.rstrip().endswith("```")
  prose = re.sub(r"\(\S+\)", "", _FENCE.sub("", text))
  assert 2 <= len(re.findall(r"[.?](?=\s)", prose)) <= 5
  assert command.strip()


def test_links_lead_to_pages_that_are_there():
  for target in re.findall(r"\]\(([^)]+)\)", _PAGE.read_text("utf-8")):
    path, _, anchor = target.partition("#")
    linked = _PAGE.parent / path
    assert linked.exists(), target
    if anchor:
      headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.M)
      anchors = [re.sub(r"[^\w -]", "", h.lower()) for h in headings]
      assert anchor in [text.replace(" ", "-") for text in anchors], target


def test_a_block_is_one_line_for_a_shell_or_a_program():
  for language, text in _commands():
    assert language == "python" or text.count("\n") == 1


def _is_run(line):
  return any(line in one.documents for one in lines.LINES)


@pytest.mark.parametrize("line", [x for x in _LINES if not _is_run(x)])
def test_a_command_that_is_not_run_is_one_that_the_program_takes(
  line, tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  for name, text in lines.FILES.items():
    pathlib.Path(name).write_text(text, encoding="utf-8")
  words = shlex.split(line)
  if words[0] == "make":
    targets = (plain_shell.ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"\n{words[1]}:" in targets
  elif words[:3] == ["python", "-m", "compare_gan.main"]:
    _check_main(words[3:])
  else:
    assert words[:3] == ["python", "-m", "compare_gan"]
    _check_verb(words[3], words[4:])


def _check_main(words):
  """Fails unless main takes the flags, and could train what they bind."""
  with flagsaver.flagsaver():
    main.FLAGS(["main", *words])
    files, bindings = main.FLAGS.gin_config, main.FLAGS.gin_bindings
    assert files
    found = check.find(files, bindings, gan=False)
  assert not [one for one in found if one.severity == "error"]


def _check_verb(verb, words):
  """Fails unless the verb is there and takes the words."""
  paths = program.find_verbs()
  assert verb in paths
  command = program.module_of(paths[verb])
  args = program.parser_of(verb, command).parse_args(words)
  if verb == "list":
    assert set(args.kinds) <= set(kinds.kinds())
  for binding in getattr(args, "gin_bindings", None) or []:
    gin_files.register()
    gin.parse_config(binding)


@pytest.mark.versions("a user's program calls TensorFlow")
def test_the_program_of_the_page_runs(capsys):
  [text] = [text for language, text in _commands() if language == "python"]
  exec(compile(text, "troubleshooting.md", "exec"), {})
  loss, fid = map(float, capsys.readouterr().out.split())
  assert loss == 1.5  # mean(0, 1) + mean(0, 2)
  assert abs(fid - 8.0) < 1e-6  # 8 columns, each 1 away
