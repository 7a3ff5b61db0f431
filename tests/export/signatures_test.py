"""What a card's scripts expect of an exported generator."""

import shlex
import subprocess

from compare_gan.ascend import atc
from compare_gan.export import signatures
import numpy as np
import pytest

from tests import plain_shell

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")


class _Options:
  z_dim = 120


class _Gan:
  num_classes = 10
  image_shape = (32, 32, 3)
  options = _Options()


def test_cards():
  """Names, shapes and bytes of the three cards' files."""

  def ports(name):
    signature = signatures.get(name)
    given = signature.inputs(_Gan(), signature.batch)
    return [(p.name, p.shape, p.dtype, p.bytes()) for p in given]

  assert ports("biggan") == [
    ("z", (1, 120), "float32", 480),
    ("y", (1, 1), "int32", 4),
  ]
  assert ports("bigbigan") == [
    ("x1", (256, 120), "float32", 122880),
    ("x2", (256,), "int32", 1024),
  ]
  assert ports("compare_gan") == [
    ("z", (64, 120), "float32", 30720),
    ("y", (64,), "int32", 256),
  ]


def test_ranges():
  ends = np.float32([0.0, 0.5, 1.0])
  for name, low in (("biggan", -1), ("bigbigan", 0), ("compare_gan", 0)):
    signature = signatures.get(name)
    output = signature.from_pixels(ends)
    np.testing.assert_array_equal(output, [low, (low + 1) / 2, 1])
    np.testing.assert_array_equal(signature.to_pixels(output), ends)


def test_unknown_signature_is_a_sentence():
  with pytest.raises(ValueError, match="--signature=x is unknown. .*biggan"):
    signatures.get("x")


def test_compiler_and_runner_are_told_what_the_file_has():
  signature = signatures.get("biggan")
  ports = signature.inputs(_Gan(), 1)
  assert atc.atc("out/final_model.pb", ports, "output") == (
    "atc --model=out/final_model.pb --framework=3 --output=out/final_model "
    '--soc_version=Ascend310 --input_shape="z:1,120;y:1,1" --log=info '
    '--out_nodes="output:0"'
  )
  assert atc.msame("out/final_model.pb", ports, "in", "inference") == (
    './msame --model "out/final_model.om" --input "in/z,in/y" '
    '--output "inference" --outfmt BIN'
  )


@pytest.mark.parametrize(
  "folder", ["my models", "it's", "größe", 'a"b', "$HOME", "a;b", "a!b", "`id`"]
)
def test_lines_for_the_compiler_are_words_of_a_shell(folder):
  ports = signatures.get("biggan").inputs(_Gan(), 1)
  assert shlex.split(atc.atc(f"{folder}/m.pb", ports, "output")) == [
    "atc",
    f"--model={folder}/m.pb",
    "--framework=3",
    f"--output={folder}/m",
    "--soc_version=Ascend310",
    "--input_shape=z:1,120;y:1,1",
    "--log=info",
    "--out_nodes=output:0",
  ]
  line = atc.msame(f"{folder}/m.pb", ports, f"{folder}/in", folder)
  assert shlex.split(line) == [
    *("./msame", "--model", f"{folder}/m.om"),
    *("--input", f"{folder}/in/z,{folder}/in/y"),
    *("--output", folder, "--outfmt", "BIN"),
  ]


def test_a_real_shell_reads_the_compilers_line():
  """Double quotes keep less from a shell than shlex.split says."""
  ports = signatures.get("biggan").inputs(_Gan(), 1)
  line = atc.msame("$HOME/`id`/m.pb", ports, "a b", "$x")
  words = subprocess.run(
    ["sh", "-c", f"printf '%s\\n' {line}"],
    capture_output=True,
    text=True,
    env=plain_shell.environment(),
  ).stdout.splitlines()
  assert words[2] == "$HOME/`id`/m.om" and "$x" in words
  assert "a b/z,a b/y" in words
