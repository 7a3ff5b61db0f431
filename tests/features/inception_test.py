"""The 2015 graph: a tiny one in the real archive's layout stands in for it."""

import io
import json
import pathlib
import sys
import tarfile
import types

from compare_gan.configuration import gin_files
from compare_gan.features import classifier  # noqa: F401
from compare_gan.features import inception
from compare_gan.features import inception_network
import gin
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("runs graphs of TensorFlow 1")

_RECORDED = json.loads(
  (pathlib.Path(__file__).parent / "clean_resize.json").read_text()
)
_MEMBER = "inceptionv1_for_inception_score.pb"


def _graph(factor=1.0):
  """Returns a graph with the real one's nodes and shapes but for its widths."""
  graph = tf.Graph()
  with graph.as_default():
    v1 = tf.compat.v1
    x = v1.placeholder(tf.float32, [None, 299, 299, 3], name="Mul")
    corner = x[:, :3, :3, :] * factor
    pool = tf.reshape(corner, [-1, 1, 1, 27], name="pool_3")
    tf.matmul(pool[:, 0, 0, :], tf.ones([27, 5]), name="logits")
  return graph.as_graph_def().SerializeToString(deterministic=True)


def _archive(tmp_path, members, name="inception.tar.gz"):
  """Writes an archive of {name: bytes, or a TarInfo for what is no file}."""
  path = tmp_path / name
  with tarfile.open(path, "w:gz") as archive:
    for member, content in members.items():
      if isinstance(content, tarfile.TarInfo):
        archive.addfile(content)
        continue
      info = tarfile.TarInfo(member)
      info.size = len(content)
      archive.addfile(info, io.BytesIO(content))
  return str(path)


def _images(n=3, size=8, colors=3):
  rng = np.random.RandomState(0)
  return rng.rand(n, size, size, colors).astype(np.float32)


@pytest.fixture
def path(tmp_path):
  return _archive(tmp_path, {"LICENSE": b"text", _MEMBER: _graph()})


def test_rows_are_flat_and_logits_come_along(path):
  found = inception.inception(None, path)(_images(60))
  assert found.features.shape == (60, 27)  # of pool_3 [n, 1, 1, 27]
  assert found.logits.shape == (60, 5)
  np.testing.assert_allclose(
    found.logits[:, 0], found.features.sum(axis=1), rtol=1e-4, atol=1e-4
  )


def test_pixels_become_x_minus_128_over_128(path):
  white = inception.inception(None, path)(np.full([1, 4, 4, 3], 255, np.uint8))
  np.testing.assert_allclose(white.features, 127 / 128, rtol=1e-6)


def _aligned_at_corners(images):
  """TF1's resize by hand: output pixel i looks at i * size / 299."""
  at = np.arange(299) * np.float32(images.shape[1] / np.float32(299))
  low = at.astype(int)
  high = np.minimum(low + 1, images.shape[1] - 1)
  part = (at - low).astype(np.float32)
  down = part[:, None, None]
  rows = images[:, low] * (1 - down) + images[:, high] * down
  across = part[:, None]
  return rows[:, :, low] * (1 - across) + rows[:, :, high] * across


@pytest.mark.parametrize("size", [8, 32, 299])
def test_resize_is_tensorflow_1s(size):
  images = _images(2, size)
  np.testing.assert_allclose(
    inception._tf1_bilinear(tf.constant(images)),
    _aligned_at_corners(images),
    atol=1e-5,
  )


def test_clean_resize_is_another_extractor(path):
  published = inception.inception(None, path)
  clean = inception.inception(None, path, resize="clean")
  assert (published.name, clean.name) == ("inception", "inception_clean")
  assert published.identity() != clean.identity()
  assert clean.settings["resize"] == "clean"
  found = clean(_images()).features
  assert np.abs(found - published(_images()).features).max() > 1e-3


def test_clean_resize_keeps_a_flat_picture_and_the_order_of_colors():
  flat = np.full([2, 8, 8, 3], [10.25, 20.5, 200.0], np.float32)
  resized = inception._clean(tf.constant(flat)).numpy()
  assert resized.shape == (2, 299, 299, 3)
  np.testing.assert_allclose(resized[1, 5, 7], [10.25, 20.5, 200.0], rtol=1e-5)


def test_clean_resize_clips_as_clean_fid_does(monkeypatch):
  """Bicubic overshoots; the values are those of Pillow and of numpy's clip."""
  values = _RECORDED["values"]
  expected = values["float_bicubic_antialiased_13x13_clipped"]
  assert np.ptp(values["float_bicubic_antialiased_13x13_not_clipped"]) > 300
  how = _RECORDED["image"]
  shape = (1, how["height"], how["width"], 3)
  image = np.random.RandomState(how["seed"]).randint(0, 256, shape)
  monkeypatch.setattr(inception, "PIXELS", 13)
  found = inception._clean(tf.constant(image, tf.float32))
  np.testing.assert_allclose(found[0], expected, atol=2e-4)


def test_clipping_is_part_of_the_identity_of_clean_alone(path):
  clean = inception.inception(None, path, resize="clean")
  assert clean.settings["clip"] == (0, 255)
  assert "clip" not in inception.inception(None, path).settings


def test_pixels_are_rounded_on_request(path):
  image = np.full([1, 4, 4, 3], 100.4 / 255, np.float32)
  plain = inception.inception(None, path)
  rounded = inception.inception(None, path, round_pixels=True)
  np.testing.assert_allclose(plain(image).features, -27.6 / 128, rtol=1e-4)
  np.testing.assert_allclose(rounded(image).features, -28 / 128, rtol=1e-6)
  assert plain.identity() != rounded.identity()


def test_grey_is_three_equal_colors(path):
  grey = _images(colors=1)
  extractor = inception.inception(None, path)
  np.testing.assert_array_equal(
    extractor(grey).features, extractor(grey.repeat(3, axis=-1)).features
  )
  with pytest.raises(ValueError, match="1 or 3 colours, not 2"):
    extractor(_images(colors=2))


def test_identity_is_that_of_the_weights(tmp_path, path):
  same = _archive(tmp_path, {_MEMBER: _graph()}, "renamed.tar.gz")
  other = _archive(tmp_path, {_MEMBER: _graph(2.0)}, "other.tar.gz")
  identities = [
    inception.inception(None, p).identity() for p in (path, same, other)
  ]
  assert identities[0] == identities[1] != identities[2]


def test_gin_gives_the_path(path):
  gin_files.parse(bindings=[f"inception.path = {path!r}"])
  found = gin.query_parameter("inception.path")
  assert found == path
  assert inception.inception(None)(_images()).features.shape == (3, 27)


def _link():
  link = tarfile.TarInfo(_MEMBER)
  link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
  return link


@pytest.mark.parametrize(
  "members",
  [
    {},
    {f"../{_MEMBER}": b"x"},
    {f"/{_MEMBER}": b"x"},
    {f"folder/{_MEMBER}": b"x"},
    {_MEMBER: _link()},
  ],
  ids=["empty", "parent", "absolute", "folder", "link"],
)
def test_only_a_file_of_the_very_name_will_do(tmp_path, members):
  path = _archive(tmp_path, members)
  with pytest.raises(ValueError, match=f"has no file {_MEMBER}"):
    inception.inception(None, path)
  assert [p.name for p in tmp_path.iterdir()] == ["inception.tar.gz"]


def test_an_archive_that_swells_is_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(inception, "_MOST_BYTES", 10**5)
  for members in (
    {"bomb": bytes(10**6), _MEMBER: _graph()},
    {_MEMBER: bytes(10**6)},
  ):
    with pytest.raises(ValueError, match="more than 100000 bytes"):
      inception.inception(None, _archive(tmp_path, members))


def test_damage_is_reported(tmp_path, path):
  with open(path, "rb") as file:
    whole = file.read()
  for content in (b"", b"no archive", whole[:200]):
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(content)
    with pytest.raises(ValueError, match="--myevalinception"):
      inception.inception(None, str(damaged))


def test_what_is_no_graph_is_reported(tmp_path):
  path = _archive(tmp_path, {_MEMBER: b"no graph at all"})
  with pytest.raises(ValueError, match="not a frozen graph with Mul:0"):
    inception.inception(None, path)


def test_a_missing_file_is_named():
  with pytest.raises(FileNotFoundError, match="'nowhere.tar.gz'"):
    inception.inception(None, "nowhere.tar.gz")


def test_an_unknown_resize_is_refused(path):
  with pytest.raises(ValueError, match="'tf1_bilinear' or 'clean'"):
    inception.inception(None, path, resize="bicubic")


def _hub(monkeypatch, load, folder=None):
  hub = types.ModuleType("tensorflow_hub")
  hub.load = load
  hub.resolve = lambda address: str(folder)
  monkeypatch.setitem(sys.modules, "tensorflow_hub", hub)


def test_without_a_path_the_network_comes_from_the_hub(monkeypatch, tmp_path):
  def load(address):
    assert address == inception_network.HUB
    return lambda x: {"pool_3": x[:, :1, :1, :], "logits": x[:, 0, 0, :2]}

  _hub(monkeypatch, load, tmp_path)
  found = inception.inception(None)(np.ones([2, 4, 4, 3], np.float32))
  np.testing.assert_allclose(found.features, np.full([2, 3], 127 / 128), 1e-6)
  assert found.logits.shape == (2, 2)


def test_identity_is_of_the_files_from_the_hub(monkeypatch, tmp_path):
  def load(address):
    return lambda x: {"pool_3": x, "logits": x}

  found = []
  for folder, weights in (("a", b"1"), ("b", b"1"), ("c", b"2")):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "weights").write_bytes(weights)
    _hub(monkeypatch, load, tmp_path / folder)
    found.append(inception.inception(None).identity())
  assert found[0] == found[1] != found[2]


def test_without_a_network_the_error_says_what_would_do(monkeypatch):
  def load(address):
    raise OSError("no route to host")

  _hub(monkeypatch, load)
  with pytest.raises(ValueError, match="--myevalinception.*@classifier"):
    inception.inception(None)
