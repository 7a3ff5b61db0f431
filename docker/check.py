"""Runs what a Dockerfile says, without docker: python docker/check.py FILE

For machines that cannot build images. It reads the Dockerfile, copies what COPY
names (less what .dockerignore leaves out), runs the commands of RUN in a new
virtual environment of Python and an environment built from ENV alone, and at
the end the program: ENTRYPOINT with CMD, and `compare_gan --version`.

  --python=python3.12   stands for the image of FROM, whose version it must have
  --dry_run             prints the steps and installs nothing

It does not see what the base image lacks, such as system libraries, and nobody
is USER: the image itself is built by the workflow CI. The folders of WORKDIR
are made below a scratch folder, so commands must use relative paths.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Step(NamedTuple):
  """One instruction of a Dockerfile."""

  name: str  # "RUN"
  words: str  # all that follows, on one line


def read(text: str) -> list[Step]:
  """Returns the Steps of a Dockerfile: comments gone, long lines joined."""
  lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
  joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
  return [
    Step(name.upper(), words.strip())
    for line in joined.splitlines()
    if line.strip()
    for name, _, words in [line.strip().partition(" ")]
  ]


def is_sent(name: str, ignored: list[str]) -> bool:
  """Returns whether docker sees a file, as .dockerignore says.

  Args:
    name: of the file, relative to the folder of the build.
    ignored: the lines of .dockerignore, of which the last that fits decides.
  """
  sent = True
  for line in ignored:
    line = line.strip()
    if not line or line.startswith("#"):
      continue
    pattern = line.lstrip("!").removeprefix("**/")
    parts = pathlib.PurePosixPath(name).parts
    if "**/" in line:  # in any folder
      fits = any(fnmatch.fnmatch(part, pattern) for part in parts)
    else:
      fits = fnmatch.fnmatch(parts[0], pattern) or name == pattern
    if fits:
      sent = line.startswith("!")
  return sent


def variables(words: str) -> dict[str, str]:
  """Returns the variables of ENV A=1 B="two"."""
  pairs = re.findall(r'(\w+)=("[^"]*"|\S+)', words)
  return {name: value.strip('"') for name, value in pairs}


class Build:
  """An image, as far as there can be one without docker.

  Args:
    scratch: an empty folder.
    python: stands for the base image; "" only prints the steps.
  """

  def __init__(self, scratch: pathlib.Path, python: str) -> None:
    self._root = scratch / "root"
    self._venv = scratch / "python"
    self._python = python
    self._environment = {
      "PATH": f"{self._venv / 'bin'}:/usr/local/bin:/usr/bin:/bin",
      "HOME": str(scratch / "home"),
      "LANG": "C.UTF-8",
    }
    self._folder = self._root
    self._program: dict[str, list[str]] = {"ENTRYPOINT": [], "CMD": []}

  def take(self, step: Step) -> None:
    """Does what a step says."""
    print(f"{step.name} {step.words}", flush=True)
    if step.name == "FROM":
      self._start(step.words)
    elif step.name == "WORKDIR":
      self._folder = self._root / step.words.strip("/")
      self._folder.mkdir(parents=True, exist_ok=True)
    elif step.name == "ENV":
      for name, value in variables(step.words).items():
        is_path = name == "HOME"
        place = str(self._root / value.strip("/")) if is_path else value
        self._environment[name] = place
    elif step.name == "COPY":
      self._copy(step.words.split())
    elif step.name == "RUN":
      self._run(step.words, shell=True)
    elif step.name in self._program:
      self._program[step.name] = json.loads(step.words)
    elif step.name not in ("LABEL", "USER"):
      raise ValueError(f"docker/check.py does not know {step.name}.")

  def start_program(self) -> None:
    """Runs the program with its default words, and for its version."""
    entry = self._program["ENTRYPOINT"]
    self._run([*entry, *self._program["CMD"]])
    self._run([*entry, "compare_gan", "--version"])

  def _start(self, image):
    [version] = re.findall(r"^python:(\d+\.\d+)", image)
    if not self._python:
      return
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    found = subprocess.run(
      [self._python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()
    if found != version:
      raise ValueError(
        f"{image} has Python {version}, but {self._python} is {found}. Set "
        "--python."
      )
    subprocess.run([self._python, "-m", "venv", str(self._venv)], check=True)

  def _copy(self, words):
    *sources, target = words
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for source in sources:
      path = ROOT / source
      files = [path] if path.is_file() else sorted(path.rglob("*"))
      sent = [
        file
        for file in files
        if file.is_file()
        and is_sent(file.relative_to(ROOT).as_posix(), ignored)
      ]
      if not sent:
        raise FileNotFoundError(f"COPY {source}: .dockerignore leaves it out.")
      for file in sent:
        inside = file.relative_to(path) if path.is_dir() else file.name
        to = self._folder / target / inside
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)

  def _run(self, command, shell=False):
    if self._python:
      subprocess.run(
        command,
        shell=shell,
        check=True,
        cwd=self._folder,
        env=self._environment,
        stdin=subprocess.DEVNULL,
      )


def main(argv: list[str]) -> int:
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument("dockerfile", type=pathlib.Path)
  parser.add_argument("--python", default="python3.12")
  parser.add_argument("--dry_run", action="store_true")
  args = parser.parse_args(argv)
  with tempfile.TemporaryDirectory() as scratch:
    python = "" if args.dry_run else shutil.which(args.python) or args.python
    build = Build(pathlib.Path(scratch), os.fspath(python))
    for step in read(args.dockerfile.read_text("utf-8")):
      build.take(step)
    build.start_program()
  if python:
    print(f"{args.dockerfile}: every step works")
  return 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
