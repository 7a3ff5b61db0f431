"""`python -m compare_gan <verb>`: each verb is a file of compare_gan/commands.

A command has `add_arguments(parser)` and `run(args)`; its docstring is help.
"""

import argparse
import ast
from collections.abc import Callable
from collections.abc import Sequence
import importlib
import importlib.util
import os
import pkgutil
import sys
from typing import Any
from typing import Optional

from compare_gan import commands
from compare_gan import console
from compare_gan.console import lazy_imports


def _verbs():
  """Returns {verb: docstring}, without importing the commands."""
  verbs = {}
  for info in pkgutil.iter_modules(commands.__path__):
    spec = importlib.util.find_spec(f"{commands.__name__}.{info.name}")
    with open(spec.origin) as file:
      verbs[info.name] = ast.get_docstring(ast.parse(file.read()))
  return verbs


def _overview():
  lines = ["usage: python -m compare_gan <verb> [--help]", ""]
  for verb, docstring in _verbs().items():
    lines.append(f"  {verb:12}{docstring.splitlines()[0]}")
  return "\n".join(lines)


def _parser(verb, command):
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


def main(
  argv: Optional[Sequence[str]] = None, begin: Callable[[], Any] = lambda: None
) -> int:
  """Runs a command; returns the exit code.

  Args:
    argv: the words after the program's name; None for those of this process.
    begin: called once it is known that there is something to do.
  """
  argv = list(sys.argv[1:] if argv is None else argv)
  if not argv or argv[0] in ("-h", "--help"):
    print(_overview())
    return 0 if argv else 2
  verb, *rest = argv
  verb = verb.replace("-", "_")
  if verb not in _verbs():
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
    command = importlib.import_module(f"{commands.__name__}.{verb}")
    args = _parser(verb, command).parse_args(rest)
  try:
    command.run(args)
  except Exception as error:
    if args.traceback or not console.is_mendable(error):
      raise
    print(f"compare_gan {verb}: {console.sentence(error)}", file=sys.stderr)
    return 1
  return 0


def run() -> None:
  """Runs the program: `python -m compare_gan`, or `compare_gan` alone."""
  sys.exit(main(begin=console.begin))


if __name__ == "__main__":
  run()
