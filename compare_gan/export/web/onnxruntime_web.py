"""onnxruntime-web, ONNX Runtime for browsers, as a part of pages.

It is not installed with this library. scripts/vendor_onnxruntime_web.py puts
the few files that a page needs into a folder, with their licences. A page holds
all of them, about 5 MB, so that it opens from disk without a network.
"""

import base64
import gzip
import html
import os
from typing import NamedTuple

from compare_gan.storage import files

FOLDER = "third_party/onnxruntime-web"  # where the script puts it
VERSION = "version.txt"
MODULE = "ort.wasm.bundle.min.mjs"
WASM = "ort-wasm-simd-threaded.wasm"
LICENSES = ("LICENSE", "ThirdPartyNotices.txt")
NAMES = (VERSION, MODULE, WASM, *LICENSES)


class Runtime(NamedTuple):
  """The files of the folder."""

  version: str
  module: bytes
  wasm: bytes
  licenses: dict[str, str]  # {file name: text}


def read(folder: str) -> Runtime:
  """Returns the Runtime of a folder."""
  missing = sorted(set(NAMES) - set(files.names(folder)))
  if missing:
    raise FileNotFoundError(
      f"--onnxruntime={folder} has no {', '.join(missing)}. Run 'python "
      "scripts/vendor_onnxruntime_web.py' in the repository: it fills "
      f"{FOLDER}. Or leave out --engine=onnxruntime."
    )

  def content(name: str) -> bytes:
    return files.read_bytes(os.path.join(folder, name))

  return Runtime(
    content(VERSION).decode().strip(),
    content(MODULE),
    content(WASM),
    {name: content(name).decode("utf-8", "replace") for name in LICENSES},
  )


def html_of(runtime: Runtime) -> str:
  """Returns the part of a page that holds it, and shows its licences."""
  texts = "".join(
    f'<h3>{name}</h3>\n<pre tabindex="0">{html.escape(text)}</pre>\n'
    for name, text in runtime.licenses.items()
  )
  return (
    f"<footer><details><summary>Licenses of onnxruntime-web {runtime.version}, "
    f"which this page holds</summary>\n{texts}</details></footer>\n"
    f"{_hidden('runtime', runtime.module)}{_hidden('wasm', runtime.wasm)}"
  )


def _hidden(name, content):
  packed = base64.b64encode(gzip.compress(content, mtime=0)).decode("ascii")
  return f'<script type="text/plain" id="{name}">{packed}</script>\n'
