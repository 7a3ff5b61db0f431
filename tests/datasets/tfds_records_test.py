"""Records of prepared files, by number."""

import sys
import types

from compare_gan.datasets import tfds_records
import pytest
import tensorflow as tf

from tests.datasets.pictures import own_cache  # noqa: F401
from tests.datasets.tfds_images_test import prepare

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]


class _Reader:
  """array_record's reader, of a file of TFRecords."""

  def __init__(self, path):
    self._data = [d.numpy() for d in tf.data.TFRecordDataset(path)]

  def num_records(self):
    return len(self._data)

  def read(self, numbers):
    return [self._data[n] for n in numbers]


def _fake_array_record(monkeypatch, reader):
  """Puts a module in the place of array_record; None: it is not installed."""
  module = types.ModuleType("array_record.python")
  module.array_record_module = types.SimpleNamespace(ArrayRecordReader=reader)
  package = types.ModuleType("array_record")
  monkeypatch.setitem(sys.modules, "array_record", package)
  monkeypatch.setitem(sys.modules, "array_record.python", reader and module)


def test_array_records(tmp_path, monkeypatch):
  prepare(tmp_path, "cifar10", (32, 32, 3), {"train": 6, "test": 2}, 10)
  (path,) = (tmp_path / "cifar10" / "1.0.0").glob("*train.tfrecord*")
  _fake_array_record(monkeypatch, _Reader)
  records = tfds_records.ArrayRecords([str(path), str(path)])
  assert list(records.counts) == [6, 6]
  assert records.first_of(1) == 6
  assert records.read(8) == records.read(2)
  _fake_array_record(monkeypatch, None)
  with pytest.raises(ValueError, match="pip install array_record"):
    tfds_records.ArrayRecords([str(path)])
