"""Where records of TFRecord files begin."""

from compare_gan.datasets import records as records_lib
import pytest
import tensorflow as tf

from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]


def _write(path, contents):
  with tf.io.TFRecordWriter(str(path)) as writer:
    for data in contents:
      writer.write(data)
  return str(path)


def test_crc_is_that_of_the_files(tmp_path):
  path = _write(tmp_path / "x", [b"hello"])
  with open(path, "rb") as file:
    stored = file.read()[-4:]
  assert records_lib.masked_crc(b"hello").to_bytes(4, "little") == stored


def test_records_of_several_files_by_number(tmp_path):
  paths = [
    _write(tmp_path / "x-0", [b"a", b"", b"ccc"]),
    _write(tmp_path / "x-1", []),
    _write(tmp_path / "x-2", [b"d" * 1000]),
  ]
  records = records_lib.Records(paths)
  assert [records.read(i) for i in range(4)] == [b"a", b"", b"ccc", b"d" * 1000]
  assert list(records.counts) == [3, 0, 1]
  assert [records.first_of(file) for file in range(3)] == [0, 3, 3]
  assert [records.names[i] for i in (0, 2, 3)] == ["x-0#0", "x-0#2", "x-2#0"]
  assert records.bad == [] and records.damaged() == {}


def test_index_is_read_once(tmp_path, monkeypatch):
  path = _write(tmp_path / "x", [b"a", b"b"])
  records_lib.Records([path])
  monkeypatch.setattr(records_lib, "_places", None)
  assert records_lib.Records([path]).read(1) == b"b"


def test_changed_file_is_indexed_again(tmp_path):
  path = _write(tmp_path / "x", [b"a", b"b"])
  records_lib.Records([path])
  _write(path, [b"longer", b"b", b"c"])
  assert len(records_lib.Records([path])) == 3


@pytest.mark.parametrize("cut", [1, 5, 20, 30])
def test_truncated_file_keeps_what_comes_before(cut, tmp_path):
  path = _write(tmp_path / "x", [b"a" * 10, b"b" * 10])  # 26 bytes each
  with open(path, "r+b") as file:
    file.truncate(52 - cut)
  records = records_lib.Records([path])
  assert len(records) == (1 if cut < 26 else 0)
  first = 26 * len(records)
  assert records.bad == [("x", f"damaged from byte {first} on")]


def test_damaged_length_is_noticed(tmp_path):
  path = _write(tmp_path / "x", [b"a" * 10, b"b" * 10])
  with open(path, "r+b") as file:
    file.seek(26)
    file.write(b"\7")
  assert records_lib.Records([path]).bad == [("x", "damaged from byte 26 on")]


def test_damaged_data_are_noticed_and_only_these(tmp_path):
  path = _write(tmp_path / "x", [b"a" * 10, b"b" * 10, b"c" * 10])
  with open(path, "r+b") as file:
    file.seek(26 + 15)
    file.write(b"X")
  assert list(records_lib.Records([path]).damaged()) == [1]


def test_no_tfrecord_at_all(tmp_path):
  (tmp_path / "x").write_bytes(b"hello, this is a text file")
  records = records_lib.Records([str(tmp_path / "x")])
  assert len(records) == 0 and records.bad
