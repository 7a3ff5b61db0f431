"""The command lines that take a frozen graph to an Ascend 310.

`atc` compiles frozen.pb to frozen.om, `msame` runs that on a folder of files
for each input, see msame.py. Both lines can be pasted into a shell: characters
in a path that are special to it, such as spaces and quotes, are quoted.
"""

from collections.abc import Iterable
import os
import re
import shlex
from typing import Any

_MEANS_MORE = re.compile(r'["$`\\!]')  # to a shell, within double quotes


def atc(
  path: str, ports: Iterable[Any], output: str, soc_version: str = "Ascend310"
) -> str:
  """Returns the command that compiles a frozen graph.

  Args:
    path: of the graph.
    ports: Ports of the inputs, with fixed shapes: the compiler needs them.
    output: name of the output.
    soc_version: the processor.
  """
  shapes = ";".join(
    f"{port.name}:{','.join(map(str, port.shape))}" for port in ports
  )
  return (
    f"atc --model={shlex.quote(path)} --framework=3 "
    f"--output={shlex.quote(_stem(path))} "
    f"--soc_version={shlex.quote(soc_version)} "
    f"--input_shape={_in_quotes(shapes)} --log=info "
    f"--out_nodes={_in_quotes(f'{output}:0')}"
  )


def msame(
  path: str,
  ports: Iterable[Any],
  bins: str = "input_bin",
  out: str = "inference",
) -> str:
  """Returns the command that runs the output of `atc` on folders of files."""
  folders = ",".join(os.path.join(bins, port.name) for port in ports)
  return (
    f"./msame --model {_in_quotes(f'{_stem(path)}.om')} "
    f"--input {_in_quotes(folders)} --output {_in_quotes(out)} --outfmt BIN"
  )


def _stem(path):
  return os.path.splitext(path)[0]


def _in_quotes(text):
  """Returns text in double quotes, as in the tools' manuals, if possible."""
  return shlex.quote(text) if _MEANS_MORE.search(text) else f'"{text}"'
