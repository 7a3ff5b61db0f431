"""The pages of cards (every gin file) and of commands."""

import argparse
import pathlib
import re
import textwrap

from absl import flags
from compare_gan import __main__ as verbs_lib
from compare_gan import main as main_lib

from docs_build import text

# What absl adds to a flag that makes a list.
_REPEATED = re.compile(r"\.?;\s+repeat this option to specify a list of values")
_FOLDERS = (
  ("", "Cards", "One file for an experiment: `--gin_config=NAME`."),
  (
    "regularisers",
    "Presets",
    "The settings of one paper, laid over a card: a second `--gin_config`.",
  ),
  (
    "studies",
    "Studies",
    "Axes of settings: `python -m compare_gan study run NAME`.",
  ),
)


def anchor_of_card(path: str) -> str:
  """Returns the anchor of "configs/regularisers/r1.gin"."""
  inside = path.removeprefix("configs/").removesuffix(".gin")
  return "card-" + re.sub(r"[^a-z0-9]+", "-", inside.lower())


def write_cards(root: pathlib.Path, out: pathlib.Path) -> None:
  """Writes reference/cards.md: the text of every gin file in configs/."""
  lines = ["# Cards", "", _CARDS, ""]
  for folder, title, about in _FOLDERS:
    lines += [f"## {title}", "", about, ""]
    for path in sorted((root / "configs" / folder).glob("*.gin")):
      inside = path.relative_to(root).as_posix()
      body = path.read_text(encoding="utf-8").rstrip()
      lines += [
        f"### {path.name} {{ #{anchor_of_card(inside)} }}",
        "",
        "```python",  # gin's syntax is nearly Python's.
        body,
        "```",
        "",
      ]
  _write(out / "reference" / "cards.md", lines)


_CARDS = """These gin files are in `configs/`. Each header says the paper, what
deviates from it, and the scores that were measured. `python -m compare_gan
list cards presets studies` prints their names with a line on each."""


def write_commands(out: pathlib.Path) -> None:
  """Writes reference/commands.md: the help of every verb."""
  lines = ["# Commands", "", _COMMANDS, "", "## main", ""]
  lines += ["```text", _flags_of_main(), "```", ""]
  for verb, path in verbs_lib.find_verbs().items():
    command = verbs_lib.module_of(path)
    parser = verbs_lib.parser_of(verb, command)
    parser.formatter_class = _Help
    first, _, rest = (command.__doc__ or "").partition("\n")
    lines += [f"## {verb}", "", text.escaped(first), ""]
    lines += [text.from_docstring(rest), ""]
    parser.description = None
    lines += ["```text", parser.format_help().rstrip(), "```", ""]
  _write(out / "reference" / "commands.md", lines)


def _flags_of_main():
  """Returns a line for each flag of compare_gan.main."""
  lines = []
  for flag in flags.FLAGS.get_flags_for_module(main_lib):
    words = _REPEATED.sub(". May be repeated.", flag.help)
    if flag.value not in (None, []):
      words += f" (default: {flag.value!r})"
    lines += [f"--{flag.name}", *_wrapped(words)]
  return "\n".join(lines)


def _wrapped(words):
  return textwrap.wrap(
    words, width=79, initial_indent="    ", subsequent_indent="    "
  )


class _Help(argparse.RawDescriptionHelpFormatter):
  """Help of one width, whatever the terminal."""

  def __init__(self, prog):
    super().__init__(prog, max_help_position=30, width=79)


_COMMANDS = """A training is started by `python -m compare_gan.main`; its flags
are below. Everything else is a verb of `python -m compare_gan`."""


def _write(path, lines):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text("\n".join(lines), encoding="utf-8")
