"""Which files an ONNX file keeps weights in, from its bytes."""

from compare_gan.features import onnx_weights
import pytest

pytestmark = pytest.mark.versions("a protocol buffer is read by hand")


def _field(number, content):
  """Returns a field of a protocol buffer: a text, a message or a number."""
  if isinstance(content, int):
    return _number(number << 3) + _number(content)
  return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value):
  low, high = value & 127, value >> 7
  return bytes([low | 128]) + _number(high) if high else bytes([low])


def _tensor(location):
  """Returns a tensor whose numbers are in a file."""
  entries = [(b"location", location), (b"offset", b"0")]
  return b"".join(
    _field(13, _field(1, key) + _field(2, value)) for key, value in entries
  )


def _write(tmp_path, graph, more=b""):
  path = tmp_path / "model.onnx"
  # A version, a producer with text longer than 127, then the graph.
  head = _field(1, 8) + _field(2, 300 * b"x")
  path.write_bytes(head + _field(7, graph) + more)
  return str(path)


def test_a_file_of_its_own(tmp_path):
  graph = _field(5, _field(1, 3) + _field(9, b"raw data"))
  assert onnx_weights.weight_files(_write(tmp_path, graph)) == ["model.onnx"]


def test_all_places_where_tensors_stand(tmp_path):
  """Initialisers, attributes, branches, sparse ones and functions."""
  for name in "abcdef":
    (tmp_path / name).write_bytes(b"")
  branch = _field(6, _field(5, _tensor(b"c")))  # a graph in an attribute
  graph = (
    _field(5, _tensor(b"b"))
    + _field(5, _tensor(b"b"))
    + _field(1, _field(5, _field(5, _tensor(b"a"))))  # node, attribute
    + _field(1, _field(5, branch))
    + _field(15, _field(1, _tensor(b"d")) + _field(2, _tensor(b"e")))
  )
  function = _field(25, _field(7, _field(5, _field(5, _tensor(b"f")))))
  found = onnx_weights.weight_files(_write(tmp_path, graph, function))
  assert found == ["model.onnx", *"abcdef"]


@pytest.mark.parametrize("name", ["../weights", "/weights", "a/../../weights"])
def test_files_outside_are_refused(tmp_path, name):
  graph = _field(5, _tensor(name.encode()))
  with pytest.raises(ValueError, match="outside of its folder. Export it"):
    onnx_weights.weight_files(_write(tmp_path, graph))


def test_a_file_that_was_not_copied(tmp_path):
  path = _write(tmp_path, _field(5, _tensor(b"weights.bin")))
  with pytest.raises(FileNotFoundError, match="'weights.bin', but there is no"):
    onnx_weights.weight_files(path)


@pytest.mark.parametrize(
  "content,message",
  [
    (b"", "is empty"),
    (b"version https://git-lfs.github.com/spec/v1", "is not an ONNX file"),
    (_field(7, 200 * b"x")[:90], "is not an ONNX file, or is incomplete"),
    (200 * b"\xff", "is not an ONNX file"),
  ],
  ids=["empty", "a pointer of git", "cut off", "endless number"],
)
def test_what_is_no_onnx_file(tmp_path, content, message):
  path = tmp_path / "model.onnx"
  path.write_bytes(content)
  with pytest.raises(ValueError, match=message):
    onnx_weights.weight_files(str(path))
