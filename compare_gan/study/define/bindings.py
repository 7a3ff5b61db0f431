"""Lines of gin as {"selector.parameter": text}, with full names."""

from collections.abc import Iterable
from collections.abc import Sequence
import hashlib
import json

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
from compare_gan.configuration import gin_text
import gin


def canonical(
  files: Iterable[str] = (), lines: Iterable[str] = ()
) -> tuple[dict[str, str], list[str]]:
  """Returns ({name: text}, imported modules), with names as gin writes them.

  gin checks names and references as it parses. Files may include others.
  """
  with gin_state.own_gin():
    gin_files.parse(files, lines)
    bindings, imports = gin_text.read(gin.config_str())
  return {name: repr(value) for name, value in bindings.items()}, imports


def is_file(line: str) -> bool:
  """Returns whether a "line of gin" is the name of a gin file instead."""
  return line.endswith(".gin") and "=" not in line and " " not in line.strip()


def canonical_lines(
  title: str, lines: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
  """Returns `canonical` of lines; an error begins with their title.

  Files among them are read first, so that lines override what files bind.
  """
  files = [line for line in lines if is_file(line)]
  lines = [line for line in lines if not is_file(line)]
  try:
    return canonical(files, lines)
  except (ValueError, SyntaxError, ImportError, TypeError) as error:
    raise ValueError(
      f"{title} = {[*files, *lines]!r}: {sentence(error)}"
    ) from error


def sentence(error: BaseException) -> str:
  """Returns an error in one line, without gin's list of callers."""
  return " ".join(str(error).split("\n  In call to")[0].split())


def digest(bindings: dict[str, str], imports: Iterable[str]) -> str:
  """Returns 16 hex digits that identify a configuration."""
  text = json.dumps([bindings, list(imports)], sort_keys=True)
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def text(bindings: dict[str, str], imports: Iterable[str]) -> str:
  """Returns the gin file of a configuration."""
  lines = [f"import {module}" for module in imports]
  lines += [f"{name} = {value}" for name, value in bindings.items()]
  return "\n".join(lines) + "\n"
