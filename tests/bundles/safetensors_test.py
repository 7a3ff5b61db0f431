"""safetensors: what is written is read, and damage is a sentence."""

import json

from compare_gan.bundles import safetensors
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 has other dtypes and views")


def _file(header, data=b"", length=None):
  text = header if isinstance(header, bytes) else json.dumps(header).encode()
  length = len(text) if length is None else length
  return length.to_bytes(8, "little") + text + data


def _entry(dtype="F32", shape=(1,), offsets=(0, 4)):
  return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
  "dtype",
  "f8 f4 f2 i8 i4 i2 i1 u8 u4 u2 u1 ? >f4".split(),
)
def test_arrays_of_each_dtype_come_back(dtype):
  arrays = {
    "a/b": np.array([[0, 1, 1], [1, 0, 1]], dtype),
    "scalar": np.array(1, dtype),
    "empty": np.zeros([0, 3], dtype),
  }
  read = safetensors.decode(safetensors.encode(arrays))
  assert set(read) == set(arrays)
  for name, array in arrays.items():
    np.testing.assert_array_equal(read[name], array)
    assert read[name].shape == array.shape
    assert read[name].dtype == array.dtype.newbyteorder("<")


def test_the_bytes_are_those_of_the_format():
  data = safetensors.encode({"x": np.array([1.0, 2.0], np.float32)})
  header = b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
  padded = header + b" " * (-len(header) % 8)
  assert data[:8] == bytes([len(padded)]) + bytes(7)
  assert data[8 : 8 + len(padded)] == padded
  assert data[8 + len(padded) :].hex() == "0000803f00000040"


def test_wide_numbers_come_first():
  """Each array then begins at a multiple of its width."""
  data = safetensors.encode(
    {"a": np.ones([3], np.int8), "z": np.ones([1], np.float64)}
  )
  header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
  assert header["z"]["data_offsets"] == [0, 8]
  assert header["a"]["data_offsets"] == [8, 11]


def test_bfloat16_rounds_to_the_nearest_even():
  # 7 bits after the point: 1 + 2^-8 lies between two numbers, 1 is even.
  given = np.array([1.0, 1.0 + 2**-8, 1.0 + 3 * 2**-8, -3e38, np.nan, np.inf])
  arrays = {"x": given.astype(np.float32)}
  data = safetensors.encode(arrays, bfloat16=frozenset("x"))
  read = safetensors.decode(data)["x"]
  assert b'"BF16"' in data and read.dtype == np.float32
  np.testing.assert_array_equal(read[:3], [1.0, 1.0, 1.0 + 2**-6])
  np.testing.assert_allclose(read[3], -3e38, rtol=2**-8)
  assert np.isnan(read[4]) and np.isposinf(read[5])


def test_metadata_are_texts():
  data = safetensors.encode({}, {"format": "tf"})
  assert safetensors.read_metadata(data) == {"format": "tf"}
  assert safetensors.decode(data) == {}


def test_an_array_that_cannot_be_stored():
  with pytest.raises(ValueError, match="x has dtype complex64"):
    safetensors.encode({"x": np.zeros([1], np.complex64)})
  with pytest.raises(ValueError, match="object"):
    safetensors.encode({"x": np.array([{}])})


@pytest.mark.parametrize(
  "data,reason",
  [
    (b"1234", "4 bytes, fewer than 8"),
    (_file(b"{}", length=9), "should have 9 bytes, but 2 follow"),
    (_file(b"{}", length=2**63), "bytes, but 2 follow"),
    (_file(b"[]"), "not an object"),
    (_file(b"{"), "not JSON"),
    (_file(b"[" * 10**5), "not JSON"),
    (_file(b"\xff\xff"), "not JSON"),
    (_file(b'{"x": 1, "x": 2}'), "occurs twice"),
    (_file({"__metadata__": {"a": 1}}), "other than texts"),
    (_file({"x": 3}), "lacks a dtype"),
    (_file({"x": {"dtype": "F32"}}), "lacks a dtype"),
    (_file({"x": _entry("F9")}, bytes(4)), "dtype 'F9'. It can be F64"),
    (_file({"x": _entry(["F32"])}, bytes(4)), "has the dtype"),
    (_file({"x": _entry(shape=[-1])}, bytes(4)), r"the shape \[-1\]"),
    (_file({"x": _entry(shape=[True])}, bytes(4)), r"the shape \[True\]"),
    (_file({"x": _entry(offsets=[-4, 0])}, bytes(4)), r"offsets \[-4, 0\]"),
    (_file({"x": _entry(offsets=[0, 3])}, bytes(3)), "needs 4 bytes"),
    (_file({"x": _entry(shape=[2**62, 2**62])}, bytes(4)), "bytes, but has"),
    (_file({"x": _entry(offsets=[4, 8])}, bytes(8)), "begins at byte 4"),
    (_file({"x": _entry()}, bytes(8)), "arrays have 4 bytes, its data 8"),
    (_file({"x": _entry()}, bytes(2)), "arrays have 4 bytes, its data 2"),
    (
      _file({"x": _entry(), "y": _entry()}, bytes(4)),
      "'y' begins at byte 0, but the array before it ends at 4",
    ),
  ],
)
def test_damage_is_a_sentence(data, reason):
  with pytest.raises(safetensors.FormatError, match=reason):
    safetensors.decode(data)


def test_every_shorter_file_is_refused():
  data = safetensors.encode({"x": np.ones([2], np.float16)})
  for length in range(len(data)):
    with pytest.raises(safetensors.FormatError):
      safetensors.decode(data[:length])


def test_the_package_itself_reads_and_writes_the_same(tmp_path):
  package = pytest.importorskip(
    "safetensors.numpy", reason="safetensors needs a newer numpy"
  )
  arrays = {
    "a/b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "half": np.array([1.0, -2.5], np.float16),
    "step": np.array(7, np.int64),
    "mask": np.array([True, False]),
  }
  read = package.load(safetensors.encode(arrays, {"format": "tf"}))
  ours = safetensors.decode(package.save(arrays))
  for name, array in arrays.items():
    for found in (read[name], ours[name]):
      assert found.dtype == array.dtype
      np.testing.assert_array_equal(found, array)
