"""Inputs and outputs of an exported generator as files without a header.

  input_bin/z/0.bin, z/1.bin, ...      float32, little-endian, one batch each
  input_bin/y/0.bin, ...               int32
  input_bin/manifest.json              describes them: the Manifest

  <out>/0_output_0.bin, ...            the outputs, float32 or float16

Numbers of files are not padded, so tools that sort names put 10 before 2.
Outputs are ordered by the number in their name.
"""

import hashlib
import json
import os
import re
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan.export import signatures
import numpy as np

_MANIFEST = "manifest.json"
_OUTPUT = re.compile(r"(\d+)_output_0\.(bin|txt)")
_DTYPES = ("float32", "float16")
_FEW = 5


class Manifest(NamedTuple):
  """The description of a folder of inputs.

  Attributes:
    signature: its name.
    batch: how many rows a file has.
    images: how many rows there are; the last file is filled up beyond that.
    files: how many files an input has.
    seed: from which z and labels are drawn.
    step: of the checkpoint for which they are meant.
    z: where z is from, in words.
    inputs: [{"name", "shape", "dtype", "sha256"}]; the hash is of all files
      together, in the order of their numbers.
    output: {"name", "shape", "dtype"}.
  """

  signature: str
  batch: int
  images: int
  files: int
  seed: int
  step: int
  z: str
  inputs: list
  output: dict

  def ports(self) -> list[signatures.Port]:
    return [
      signatures.Port(x["name"], tuple(x["shape"]), x["dtype"])
      for x in self.inputs
    ]

  def output_port(self) -> signatures.Port:
    x = self.output
    return signatures.Port(x["name"], tuple(x["shape"]), x["dtype"])


def write(
  folder: str,
  gan: Any,
  signature: signatures.Signature,
  batch: int,
  z: np.ndarray,
  labels: Optional[np.ndarray] = None,
  **about: Any,
) -> Manifest:
  """Writes a folder of inputs; returns its Manifest.

  Args:
    folder: new, or without files of inputs.
    gan: an AbstractGAN, for the shapes.
    signature: a Signature.
    batch: how many rows a file has.
    z: latents [N, z_dim]. The last file is filled up with the first rows.
    labels: ints [N], or None.
    **about: `seed`, `step` and `z_in_words` for the Manifest.
  """
  files = -(-len(z) // batch)
  rows = np.arange(files * batch) % len(z)
  inputs = []
  ports = signature.inputs(gan, batch)
  for port, array in zip(ports, signature.arrays(z, labels)):
    parts = array[rows].reshape([files, *port.shape])
    inputs.append({**port._asdict(), "sha256": _write_all(folder, port, parts)})
  manifest = Manifest(
    signature.name,
    batch,
    len(z),
    files,
    about["seed"],
    about["step"],
    about["z_in_words"],
    inputs,
    signature.output_of(gan, batch)._asdict(),
  )
  with open(os.path.join(folder, _MANIFEST), "w") as file:
    json.dump(manifest._asdict(), file, indent=2)
    file.write("\n")
  return manifest


def _write_all(folder, port, parts):
  """Writes the files of an input; returns the hash of them all."""
  own = os.path.join(folder, port.name)
  os.makedirs(own, exist_ok=True)
  if os.listdir(own):
    raise ValueError(
      f"{own} already holds files, which would be run together with the new "
      "ones. Empty it, or give another --out."
    )
  whole = hashlib.sha256()
  for i, part in enumerate(parts):
    content = _little_endian(part, port.dtype).tobytes()
    whole.update(content)
    with open(os.path.join(own, f"{i}.bin"), "wb") as file:
      file.write(content)
  return whole.hexdigest()


def _little_endian(array, dtype):
  return np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<"))


def read_file(path: str, port: signatures.Port) -> np.ndarray:
  """Returns the array of a file for this Port."""
  with open(path, "rb") as file:
    content = file.read()
  if len(content) != port.bytes():
    wide = np.dtype(port.dtype).kind == "i" and len(content) == 2 * port.bytes()
    hint = " It looks like int64: write int32." if wide else ""
    raise ValueError(
      f"{path} has {len(content)} bytes, but {port.name} is {port.dtype} "
      f"{list(port.shape)}, {port.bytes()} bytes.{hint}"
    )
  little = np.dtype(port.dtype).newbyteorder("<")
  return np.frombuffer(content, little).reshape(port.shape).astype(port.dtype)


def read_manifest(folder: str) -> Manifest:
  path = os.path.join(folder, _MANIFEST)
  if not os.path.isfile(path):
    raise FileNotFoundError(
      f"{folder} has no {_MANIFEST}: `compare_gan make_bins` writes it."
    )
  with open(path) as file:
    return Manifest(**json.load(file))


def read(folder: str) -> tuple[Manifest, np.ndarray, Optional[np.ndarray]]:
  """Returns the Manifest of a folder, its z [N, z_dim], and labels or None."""
  manifest = read_manifest(folder)
  arrays = [
    _read_all(folder, port, manifest.files, stored["sha256"])
    for port, stored in zip(manifest.ports(), manifest.inputs)
  ]
  z, y = (arrays + [None])[:2]
  n = manifest.images
  return manifest, z[:n], None if y is None else y.reshape([-1])[:n]


def _read_all(folder, port, files, digest):
  whole, parts = hashlib.sha256(), []
  for i in range(files):
    part = read_file(os.path.join(folder, port.name, f"{i}.bin"), port)
    whole.update(_little_endian(part, port.dtype).tobytes())
    parts.append(part)
  if whole.hexdigest() != digest:
    raise ValueError(
      f"The files of {os.path.join(folder, port.name)} are not those that "
      f"{_MANIFEST} describes: their sha256 differs."
    )
  return np.concatenate(parts)


def read_outputs(
  folder: str, manifest: Manifest, dtype: Optional[str] = None
) -> tuple[np.ndarray, str]:
  """Returns the images of a folder of outputs in [0, 1], and their dtype.

  Args:
    folder: with <number>_output_0.bin (or .txt), or with folders of them: then
      the last one by name is used, since names begin with a date.
    manifest: of the inputs.
    dtype: "float32" or "float16"; None to infer it from the sizes of the files.
  """
  folder, names = _outputs(folder)
  numbers = sorted(names)
  if numbers != list(range(manifest.files)):
    missing = sorted({*range(manifest.files)} - {*numbers})
    extra = sorted({*numbers} - {*range(manifest.files)})
    raise ValueError(
      f"{folder} has outputs of {len(numbers)} inputs, but {manifest.files} "
      f"were made. Missing: {_some(missing)}. Outputs without an input: "
      f"{_some(extra)}."
    )
  port = manifest.output_port()
  dtypes = [dtype] if dtype else _DTYPES
  parts, found = [], set()
  for number in numbers:
    path = os.path.join(folder, names[number])
    part, kind = _read_output(path, port, dtypes)
    parts.append(part)
    found.add(kind)
  if len(found) > 1:
    raise ValueError(f"{folder} mixes {' and '.join(sorted(found))}.")
  images = np.concatenate(parts)[: manifest.images]
  return _checked_pixels(folder, images, manifest), found.pop()


def _outputs(folder):
  """Returns the folder with the outputs, and {number: name} of them."""
  if not os.path.isdir(folder):
    raise FileNotFoundError(
      f"There is no folder {folder!r}. --outputs must name the folder of the "
      "outputs."
    )
  names = _matching(folder)
  if not names:
    below = sorted(x for x in os.listdir(folder) if _matching_below(folder, x))
    if not below:
      raise FileNotFoundError(
        f"{folder} has no <number>_output_0.bin, nor a folder with such files."
      )
    folder = os.path.join(folder, below[-1])
    names = _matching(folder)
  return folder, names


def _matching_below(folder, name):
  path = os.path.join(folder, name)
  return os.path.isdir(path) and _matching(path)


def _matching(folder):
  matches = [_OUTPUT.fullmatch(name) for name in os.listdir(folder)]
  return {int(match[1]): match[0] for match in matches if match}


def _some(numbers):
  shown = ", ".join(map(str, numbers[:_FEW])) or "none"
  return f"{shown}, ..." if len(numbers) > _FEW else shown


def _read_output(path, port, dtypes):
  """Returns the array of one file as float32, and the dtype it has there."""
  if path.endswith(".txt"):
    with open(path) as file:
      numbers = np.array(file.read().split(), np.float32)
    if numbers.size != np.prod(port.shape):
      raise ValueError(
        f"{path} has {numbers.size} numbers, but an output is "
        f"{list(port.shape)}, {np.prod(port.shape)} numbers."
      )
    return numbers.reshape(port.shape), "text"
  sized = [port._replace(dtype=dtype) for dtype in dtypes]
  size = os.path.getsize(path)
  for one in sized:
    if one.bytes() == size:
      return read_file(path, one).astype(np.float32), one.dtype
  would = " or ".join(f"{one.bytes()} ({one.dtype})" for one in sized)
  raise ValueError(
    f"{path} has {size} bytes, but an output {list(port.shape)} has {would}. "
    "It may be truncated, or written with another --dtype or --batch."
  )


def _checked_pixels(folder, images, manifest):
  """Returns outputs in [0, 1]."""
  signature = signatures.get(manifest.signature)
  slack = 0.01 * (signature.high - signature.low)  # float16, or text, rounds
  low, high = images.min(), images.max()
  if not (signature.low - slack <= low and high <= signature.high + slack):
    raise ValueError(
      f"{folder} has pixels from {low} to {high}, but those of "
      f"--signature={signature.name} go from {signature.low} to "
      f"{signature.high}: were they made by another model, or with another "
      "dtype?"
    )
  return np.clip(signature.to_pixels(images), 0.0, 1.0)
