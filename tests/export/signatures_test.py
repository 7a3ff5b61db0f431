"""What a card's scripts expect of an exported generator."""

from compare_gan.export import ascend
from compare_gan.export import signatures
import numpy as np
import pytest

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
  assert ascend.atc("out/final_model.pb", ports, "output") == (
    "atc --model=out/final_model.pb --framework=3 --output=out/final_model "
    '--soc_version=Ascend310 --input_shape="z:1,120;y:1,1" --log=info '
    '--out_nodes="output:0"'
  )
  assert ascend.msame("out/final_model.pb", ports, "in", "inference") == (
    './msame --model "out/final_model.om" --input "in/z,in/y" '
    '--output "inference" --outfmt BIN'
  )
