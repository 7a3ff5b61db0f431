"""The command lines that take a frozen graph to an Ascend 310.

`atc` compiles frozen.pb to frozen.om, `msame` runs that on a folder of files
for each input, see msame.py.
"""

import os


def atc(path, ports, output, soc_version="Ascend310"):
  """Returns the command that compiles a frozen graph.

  Args:
    path: of the graph.
    ports: Ports of the inputs, of a fixed shape: the compiler takes no other.
    output: name of the output.
    soc_version: the processor.
  """
  shapes = ";".join(
    f"{port.name}:{','.join(map(str, port.shape))}" for port in ports
  )
  return (
    f"atc --model={path} --framework=3 --output={_stem(path)} "
    f'--soc_version={soc_version} --input_shape="{shapes}" --log=info '
    f'--out_nodes="{output}:0"'
  )


def msame(path, ports, bins="input_bin", out="inference"):
  """Returns the command that runs what `atc` made, on folders of files."""
  folders = ",".join(os.path.join(bins, port.name) for port in ports)
  return (
    f'./msame --model "{_stem(path)}.om" --input "{folders}" '
    f'--output "{out}" --outfmt BIN'
  )


def _stem(path):
  return os.path.splitext(path)[0]
