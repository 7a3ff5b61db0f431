"""Runs a frozen graph on files as Ascend's `msame` runs a compiled one.

Folders: there is a run for each file of the first folder, sorted as text (0, 1,
10, 2), with the files of the same name in the others. Files: one run. Nothing:
one run on zeros. The results are

  <out>/<YYYYMMDD_HHMMSS>/<name of the input>_output_<k>.bin    of folders
  <out>/<YYYYMMDD_HHMMSS>/<name of the model>_output_<k>.bin    of files

Unlike msame, this checks the sizes of the files.
"""

from collections.abc import Sequence
import os
import time
from typing import Any

from compare_gan.ascend import bins
import numpy as np

_FORMATS = ("BIN", "TXT")


def run(
  path: str, model: Any, inputs: Sequence[str], out: str, outfmt: str = "BIN"
) -> tuple[str, int]:
  """Returns the folder of the results and the number of runs.

  Args:
    path: of the model, for its name.
    model: a FrozenGraph with inputs of fixed shapes.
    inputs: paths of folders or of files, one for each of the model's inputs, in
      their order; none for zeros.
    out: folder.
    outfmt: "BIN" for float32, "TXT" for text of 6 digits.
  """
  _require(model, inputs, outfmt)
  runs = list(_runs(_stem(path), inputs))
  folder = os.path.join(out, time.strftime("%Y%m%d_%H%M%S"))
  os.makedirs(folder)
  for stem, files in runs:
    arrays = _arrays(model, files)
    for k, output in enumerate(model.run(*arrays)):
      _write(os.path.join(folder, f"{stem}_output_{k}"), output, outfmt)
  return folder, len(runs)


def _require(model, inputs, outfmt):
  if outfmt not in _FORMATS:
    raise ValueError(f"--outfmt={outfmt}: it can be {' or '.join(_FORMATS)}.")
  names = [port.name for port in model.inputs]
  free = [port for port in model.inputs if None in (port.shape or (None,))]
  if free:
    raise ValueError(
      f"{free[0].name} has the shape {free[0].shape}: files without a header "
      "need a fixed one. `compare_gan export --batch=1` writes it."
    )
  if inputs and len(inputs) != len(names):
    raise ValueError(
      f"--input has {len(inputs)} paths, {','.join(inputs)}, but the model "
      f"has the inputs {', '.join(names)}. Give one path for each, in this "
      "order."
    )
  missing = [path for path in inputs if not os.path.exists(path)]
  if missing:
    raise FileNotFoundError(
      f"--input: there is no file or folder {missing[0]!r}."
    )
  if len({os.path.isdir(path) for path in inputs}) > 1:
    raise ValueError(
      f"{','.join(inputs)} mixes folders and files. Give only folders or only "
      "files."
    )


def _runs(model_stem, inputs):
  """Yields the stem of a run's results and its files."""
  if not inputs or not os.path.isdir(inputs[0]):
    yield model_stem, inputs
    return
  names = sorted(os.listdir(inputs[0]))
  if not names:
    raise FileNotFoundError(f"{inputs[0]} has no files.")
  for name in names:
    files = [os.path.join(folder, name) for folder in inputs]
    missing = [file for file in files if not os.path.isfile(file)]
    if missing:
      raise FileNotFoundError(f"{inputs[0]} has {name}, but no {missing[0]}.")
    yield _stem(name), files


def _arrays(model, files):
  if not files:
    return [np.zeros(port.shape, port.dtype) for port in model.inputs]
  return [bins.read_file(f, port) for f, port in zip(files, model.inputs)]


def _write(path, output, outfmt):
  if outfmt == "TXT":
    rows = np.reshape(output, [-1, output.shape[-1]])
    np.savetxt(f"{path}.txt", rows, fmt="%.6g")
    return
  output.tofile(f"{path}.bin")


def _stem(path):
  return os.path.splitext(os.path.basename(path))[0]
