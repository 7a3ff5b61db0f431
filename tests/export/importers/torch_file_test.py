"""Reading files of torch.save, and refusing what they must not do."""

import os
import pickle
import zipfile

from compare_gan.export import importers
from compare_gan.export.importers import torch_file
import numpy as np
import pytest

from tests.export.importers import cases
from tests.export.importers import torch_writer

pytestmark = pytest.mark.versions("an older Python and numpy read pickles")


@pytest.fixture(params=["zip", "old"])
def recorded(request):
  return torch_file.TorchFile(str(cases.RECORDED / f"{request.param}.pth"))


def test_numbers_of_each_type(recorded):
  content = recorded.content
  for name, expected in {
    "turned": [[0, 3], [1, 4], [2, 5]],  # strides of a transpose
    "slice": [3, 4, 5, 6],  # an offset
    "half": [0, 1, 2, 3],
    "bfloat16": [1.5, -2],
    "parameter": [1, 1],
    "empty": np.zeros([0, 3]),
    "scalar": 0.25,
  }.items():
    found = recorded.array(content[name])
    np.testing.assert_array_equal(found, expected, err_msg=name)
  assert recorded.array(content["turned"]).dtype == np.int64
  assert recorded.array(content["bfloat16"]).dtype == np.float32


def test_dicts_and_numbers_are_as_saved(recorded):
  content = recorded.content
  assert (content["step"], content["best"]) == (7, 3.5)
  assert content["others"] == [1, "a", None, True, 2.5, (2**40, -1)]
  assert list(content["state_dict"]) == ["weight", "bias"]
  weight = recorded.array(content["state_dict"]["weight"])
  np.testing.assert_array_equal(weight[:, :, 0, 0], [[0, 1], [2, 3], [4, 5]])


@pytest.mark.parametrize("kind", ["zip", "old"])
def test_weights_are_found_with_their_step(kind):
  weights = importers.open_weights(str(cases.RECORDED / f"{kind}.pth"))
  assert (sorted(weights.tensors), weights.step) == (["bias", "weight"], 7)


def test_prefix_of_data_parallel_is_removed(tmp_path):
  path = str(tmp_path / "a.pth")
  torch_writer.write(path, {"module.a": np.float32([1, 2])})
  weights = importers.open_weights(path)
  np.testing.assert_array_equal(weights.read("a"), [1, 2])


class _Evil:
  def __reduce__(self):
    return os.mkdir, ("/nonexistent/made",)


@pytest.mark.parametrize(
  "value, words",
  [
    (_Evil(), r"names posix\.mkdir, which"),
    (eval, r"names (__builtin__|builtins)\.eval"),
    (np.float32, r"names numpy\.float32"),
  ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_other_names_are_refused_before_anything_is_made(
  value, words, protocol, tmp_path
):
  path = str(tmp_path / "a.pth")
  torch_writer.write_zip(path, pickle.dumps({"a": value}, protocol))
  with pytest.raises(ValueError, match=words):
    torch_file.TorchFile(path)


def test_known_functions_cannot_be_changed(tmp_path):
  """BUILD sets attributes: here of a function that later files would call."""
  path = str(tmp_path / "a.pth")
  start = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n"
  state = b"(N}X\x09\x00\x00\x00_functionK\x01stb."
  torch_writer.write_zip(path, start + state)
  with pytest.raises(ValueError, match="sets '_function' of a function"):
    torch_file.TorchFile(path)


def test_tensor_beyond_its_storage_is_refused(tmp_path):
  path = str(tmp_path / "a.pth")
  torch_writer.write(path, {"a": np.float32([1, 2, 3])})
  file = torch_file.TorchFile(path)
  tensor = file.content["a"]
  for wrong in (
    tensor._replace(offset=1),
    tensor._replace(strides=(2,)),
    tensor._replace(shape=(10**9,), strides=(0,)),
    tensor._replace(storage=tensor.storage._replace(length=9), shape=(9,)),
  ):
    with pytest.raises(ValueError, match="does not lie in|has 12 bytes"):
      file.array(wrong)


def test_cut_file_is_refused(tmp_path):
  data = (cases.RECORDED / "old.pth").read_bytes()
  path = tmp_path / "a.pth"
  for size in (0, 5, 100, len(data) - 20):
    path.write_bytes(data[:size])
    with pytest.raises(ValueError, match=str(path)):
      torch_file.TorchFile(str(path))


def test_other_zips_are_refused(tmp_path):
  path = tmp_path / "a.zip"
  with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("a.png", b"")
  with pytest.raises(ValueError, match="PyTorch did not write"):
    torch_file.TorchFile(str(path))
