"""`python -m compare_gan <verb>`: each verb is a file of a room `commands`.

A room of compare_gan may have verbs of its own, in a folder `commands`. A
command has `add_arguments(parser)` and `run(args)`; its docstring is help.
"""

import argparse
import ast
from collections.abc import Callable
from collections.abc import Sequence
import glob
import importlib
import os
import sys
from typing import Any
from typing import Optional

from compare_gan import console
from compare_gan.console import lazy_imports
from compare_gan.version import __version__

_ROOT = os.path.dirname(os.path.abspath(__file__))


def find_verbs() -> dict[str, str]:
  """Returns {verb: path of its file}, sorted."""
  verbs = {}
  for room in ("", "*"):
    pattern = os.path.join(glob.escape(_ROOT), room, "commands", "[!_]*.py")
    for path in glob.glob(pattern):
      verbs[os.path.splitext(os.path.basename(path))[0]] = path
  return dict(sorted(verbs.items()))


def _overview():
  """Returns the help, without importing the commands."""
  lines = ["usage: python -m compare_gan <verb> [--help] | --version", ""]
  verbs = find_verbs()
  width = max(map(len, verbs))
  for verb, path in verbs.items():
    with open(path, encoding="utf-8") as file:
      docstring = ast.get_docstring(ast.parse(file.read()))
    lines.append(f"  {verb:{width}}  {docstring.splitlines()[0]}")
  return "\n".join(lines)


def parser_of(verb: str, command: Any) -> argparse.ArgumentParser:
  """Returns the parser of a verb, for the module of its file."""
  parser = argparse.ArgumentParser(
    prog=f"compare_gan {verb}",
    description=command.__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument(
    "--traceback", action="store_true", help="show where an error came from"
  )
  command.add_arguments(parser)
  return parser


def module_of(path: str) -> Any:
  """Returns the module of a file of this package."""
  inside = os.path.splitext(os.path.relpath(path, _ROOT))[0]
  return importlib.import_module(f"compare_gan.{inside.replace(os.sep, '.')}")


def main(
  argv: Optional[Sequence[str]] = None, begin: Callable[[], Any] = lambda: None
) -> int:
  """Runs a command; returns the exit code.

  Args:
    argv: the words after the program's name; None for those of this process.
    begin: called once it is known that there is something to do.
  """
  argv = console.expand_homes(sys.argv[1:] if argv is None else argv)
  if not argv or argv[0] in ("-h", "--help"):
    print(_overview())
    return 0 if argv else 2
  if argv[0] == "--version":
    print(f"compare_gan {__version__}")
    return 0
  verb, *rest = argv
  verb = verb.replace("-", "_")
  verbs = find_verbs()
  if verb not in verbs:
    print(f"There is no verb {argv[0]!r}.\n\n{_overview()}", file=sys.stderr)
    return 2
  if os.getcwd() not in sys.path:  # For a user's modules, as in `python -m`.
    sys.path.insert(0, os.getcwd())
  begin()
  if "-h" in rest or "--help" in rest:
    imports = lazy_imports.waiting()
  else:
    imports = console.without_keras()
  with imports:
    command = module_of(verbs[verb])
    args = parser_of(verb, command).parse_args(rest)
  try:
    command.run(args)
  except Exception as error:
    if console.reader_is_gone(error):
      return console.READER_GONE
    if args.traceback or not console.is_mendable(error):
      raise
    print(
      f"compare_gan {verb}: {console.sentence(error, place=True)}",
      file=sys.stderr,
    )
    return 1
  return 0


def run() -> None:
  """Runs the program: `python -m compare_gan`, or `compare_gan` alone."""
  code = main(begin=console.begin)
  sys.exit(console.READER_GONE if console.reader_is_gone() else code)


if __name__ == "__main__":
  run()
