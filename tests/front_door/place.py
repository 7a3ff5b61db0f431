"""A user's folder, home and shell, in which lines are run in turn."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from PIL import Image

from tests import plain_shell
from tests.front_door import lines

# What google/compare_gan has left.
_OLD_MODEL = plain_shell.ROOT / "tests" / "golden" / "ckpt_biggan32"

_BY_NAME = {line.name: line for line in lines.LINES}

# What TensorFlow, gin and absl say where nobody has asked them.
_NOISE = re.compile(
  r"^(?:[IWE]\d{4} |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] |WARNING:)"
  r"|absl::InitializeLog|oneDNN|cuInit|retracing|In call to configurable"
  r"|site-packages|Traceback| at 0x",
  re.MULTILINE,
)


class Place:
  """One user: an empty home at first, and what their lines have left.

  Args:
    folder: for both; theirs has a path that shells and globs trip over.
    variables: on top of a plain shell's, PYTHONPATH for a checkout.
  """

  def __init__(self, folder: pathlib.Path, **variables: str):
    self.home = folder / "home"
    self.folder = folder / "Ordner [1] mit ä"
    self.home.mkdir(parents=True)
    self.folder.mkdir()
    self._variables = variables
    self._done: dict[str, subprocess.CompletedProcess] = {}
    for name, text in lines.FILES.items():
      (self.folder / name).write_text(text, encoding="utf-8")
    photos = self.folder / "photos ü"
    photos.mkdir()
    for i in range(20):
      Image.new("RGB", (70, 66), (9 * i, 99, 9)).save(photos / f"{i}.jpg")
      flowers = self.folder / "flowers ü" / f"class {i % 2}"
      flowers.mkdir(parents=True, exist_ok=True)
      shutil.copy(photos / f"{i}.jpg", flowers)

    shutil.copytree(photos, self.folder / "train_data" / "data" / "celebA")
    (self.folder / "Daten [6]").mkdir()
    shutil.copytree(_OLD_MODEL, self.folder / "old [1]")

  def run(self, name: str) -> subprocess.CompletedProcess:
    """Returns what a line did; those that come before it are run once."""
    if name not in self._done:
      line = _BY_NAME[name]
      for before in line.after:
        check(_BY_NAME[before], self.run(before), self.folder)
      self._done[name] = self.shell(line.runs)
    return self._done[name]

  def shell(
    self, text: str, timeout: float = 280
  ) -> subprocess.CompletedProcess:
    """Returns what a command line did in the user's folder."""
    environment = plain_shell.environment(
      self.home, CHECKOUT=plain_shell.ROOT, **self._variables
    )
    # As in an activated virtual environment.
    environment["PATH"] = (
      f"{os.path.dirname(sys.executable)}:" + (environment["PATH"])
    )
    return subprocess.run(
      ["bash", "-c", text],
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
      cwd=self.folder,
      env=environment,
      stdin=subprocess.DEVNULL,
      timeout=timeout,
    )


def check(
  line: lines.Line, result: subprocess.CompletedProcess, folder: pathlib.Path
) -> None:
  """Fails unless a line did what it promises, in our words only."""
  seen = f"{line.runs}\n{result.stdout[-3000:]}"
  assert result.returncode == line.exit_code, seen
  for pattern in line.leaves:
    assert list(folder.glob(pattern)), f"There is no {pattern}.\n{seen}"
  for text in line.says:
    assert text in result.stdout, f"It does not say {text!r}.\n{seen}"
  noise = _NOISE.search(result.stdout)
  assert not noise, f"{noise[0]!r} is not for users.\n{seen}"
