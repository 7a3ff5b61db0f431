"""300 damaged files: each is an error with a name, or an image; no zeros."""

import gzip
import io
import struct
import tarfile
import zlib

from compare_gan.datasets import catalogue
from compare_gan.datasets import image_decoding
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import pictures
from tests.datasets import tfrecord_test
from tests.datasets.pictures import own_cache  # noqa: F401

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("tf.data or an older tfds reads it"),
]

_KINDS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
_LAYOUT = image_decoding.Layout((8, 8))


def _truncated(data, random):
  return data[: random.randint(0, len(data) - 1)]


def _flipped(data, random):
  damaged = bytearray(data)
  for place in random.randint(0, len(data), 1 + random.randint(8)):
    damaged[place] ^= 1 << random.randint(8)
  return bytes(damaged)


def _wrong_magic(data, random):
  return random.bytes(8) + data[8:]


def _huge(data, random):
  """A PNG that claims up to 2^31 - 1 pixels a side."""
  sides = random.randint(10**5, 2**31 - 1, 2)
  header = b"IHDR" + struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, 0)
  crc = struct.pack(">I", zlib.crc32(header))
  return data[:8] + struct.pack(">I", 13) + header + crc + data[33:]


def _noise(data, random):
  return random.bytes(len(data))


_DAMAGES = (_truncated, _flipped, _wrong_magic, _huge, _noise)


def damaged_files():
  """Returns 300 (what was done, bytes)."""
  random = np.random.RandomState(0)
  found = []
  for i in range(300):
    # Kinds and damages in all pairs.
    kind, damage = _KINDS[i % 5], _DAMAGES[i // 5 % 5]
    if damage is _huge:
      kind = "PNG"
    whole = pictures.encode(pictures.pixels(i, 24, 24) | 64, kind)
    found.append((f"{damage.__name__[1:]}-{i}", damage(whole, random)))
  return found


def test_no_crash_and_no_zeros():
  refused = 0
  for name, data in damaged_files():
    try:
      image = image_decoding.decode(data, _LAYOUT)
    except image_decoding.BadImage as error:
      assert str(error), name
      refused += 1
      continue
    # Only what was changed within the pixels may pass: never an empty image.
    assert "flipped" in name or "truncated" in name, name
    assert image.shape == (8, 8, 3) and image.any(), name
  assert refused > 200


def test_truncated_files_never_decode_to_fill():
  """A cut JPEG, PNG or WebP is refused wherever pixels are missing."""
  for kind in ("JPEG", "PNG", "WEBP"):
    random = np.random.RandomState(1)
    # Noise fills the file with pixels up to its end.
    picture = random.randint(64, 256, [24, 24, 3]).astype(np.uint8)
    whole = pictures.encode(picture, kind)
    for length in range(0, len(whole) - 40, 37):
      with pytest.raises(image_decoding.BadImage):
        image_decoding.decode(whole[:length], _LAYOUT)


def _open(name, path, *bindings):
  gin.clear_config()
  gin.parse_config(
    [f'dataset.name = "{name}"', f'{name}.path = "{path}"', *bindings]
  )
  return catalogue.dataset()


def _write(kind, folder, files):
  if kind == "folder":
    return pictures.write_tree(folder / "x", files)
  if kind == "zip":
    return pictures.zipped(folder / "x.zip", files)
  if kind == "tar":
    with tarfile.open(folder / "x.tar", "w") as archive:
      for name, data in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return folder / "x.tar"
  with tf.io.TFRecordWriter(str(folder / "x.tfrecord")) as writer:
    for data in files.values():
      writer.write(tfrecord_test.example(data, 0))
  return folder / "x.tfrecord"


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tfrecord"])
def test_readers_name_all_of_them(kind, tmp_path):
  damaged = {f"a/{name}.png": data for name, data in damaged_files()}
  good = pictures.tree(8, ("a",))
  reader = kind if kind == "tfrecord" else "folder"
  path = _write(kind, tmp_path, {**damaged, **good})
  bindings = [f"{reader}.image_size = 8", 'dataset.on_error = "skip"']
  dataset = _open(reader, path, *bindings)
  kept = dataset.size("train") + dataset.size("eval")
  assert kept + len(dataset.bad) == 308
  assert len(dataset.bad) > 200
  assert all(bad.name and bad.reason for bad in dataset.bad)
  for split in ("train", "eval"):
    for batch in dataset.in_order(split, 16).as_numpy_iterator():
      assert batch["images"].any(axis=(1, 2, 3)).all()
  with pytest.raises(ValueError, match=f"{len(dataset.bad)} of 308 examples"):
    _open(reader, path, *bindings[:1])


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tfrecord"])
def test_damaged_containers(kind, tmp_path):
  """Truncated, or with flipped bits: an error that names it, or the images."""
  reader = "tfrecord" if kind == "tfrecord" else "folder"
  files = pictures.tree(6, ("a",))
  if kind == "tar.gz":
    plain = _write("tar", tmp_path, files)
    whole = gzip.compress(plain.read_bytes())
  else:
    whole = _write(kind, tmp_path, files).read_bytes()
  expected = {pictures.pixels(i).tobytes() for i in range(6)}
  random = np.random.RandomState(2)
  outcomes = []
  for i in range(20):
    damage = (_truncated, _flipped)[i % 2]
    path = tmp_path / f"damaged-{i}"
    path.write_bytes(damage(whole, random))
    try:
      dataset = _open(reader, path)
      images = [
        np.rint(255 * image).astype(np.uint8).tobytes()
        for split in ("train", "eval")
        if dataset.size(split)
        for batch in dataset.in_order(split, 4).as_numpy_iterator()
        for image in batch["images"]
      ]
    except (ValueError, OSError) as error:
      assert str(error)
      outcomes.append("refused")
    else:
      # Flips in what no one reads: padding, times, names.
      assert set(images) <= expected
      outcomes.append("read")
  assert outcomes.count("refused") >= 8


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_nothing_is_written_outside(kind, tmp_path):
  files = pictures.tree(8, ("a",))
  for i in range(20):
    files[f"{'../' * (i + 1)}escape-{i}.png"] = files["a/0.png"]
  (tmp_path / "in" / "side").mkdir(parents=True)
  path = _write(kind, tmp_path / "in" / "side", files)
  with pytest.raises(ValueError, match="20 of 28.*\n.*leads out"):
    _open("folder", path)
  assert not [p for p in tmp_path.rglob("*escape*")]
