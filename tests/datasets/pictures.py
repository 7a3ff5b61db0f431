"""Small pictures that tests write as files, and sources made of them."""

import io
import zipfile

import numpy as np
from PIL import Image
import pytest


def pixels(i, height=8, width=8, colors=3):
  """Returns picture i, uint8: smooth, so that JPEG keeps it nearly."""
  y, x = np.mgrid[:height, :width]
  planes = [(40 * i + 10 * x + 5 * y * (c + 1)) % 256 for c in range(colors)]
  return np.stack(planes, axis=-1).astype(np.uint8)


def encode(array, kind="PNG", **options):
  """Returns the bytes of an image file."""
  image = array
  if not isinstance(image, Image.Image):
    is_gray = array.ndim == 3 and array.shape[-1] == 1
    image = Image.fromarray(array[..., 0] if is_gray else array)
  file = io.BytesIO()
  image.save(file, kind, **options)
  return file.getvalue()


def write_tree(folder, files):
  """Writes {name: bytes} below a folder."""
  for name, data in files.items():
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
  return folder


def tree(n=6, classes=("a", "b"), kind="PNG"):
  """Returns {"a/0.png": bytes, "b/1.png": ...} of n pictures."""
  k = len(classes)
  return {
    f"{classes[i % k]}/{i}.{kind.lower()}": encode(pixels(i), kind)
    for i in range(n)
  }


def zipped(path, files, method=zipfile.ZIP_DEFLATED):
  with zipfile.ZipFile(path, "w", method) as archive:
    for name, data in files.items():
      archive.writestr(name, data)
  return path


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
  """An empty cache."""
  monkeypatch.setenv("COMPARE_GAN_CACHE", str(tmp_path / "cache"))
  return tmp_path / "cache"


def first_values(batches, count):
  """Returns the images of `count` batches, [count, batch, H, W, C]."""
  taken = batches.take(count).as_numpy_iterator()
  return np.stack([batch["images"] for batch in taken])


def assert_is_a_function_of_seed_and_t(dataset, batch_size=4):
  """Resumed streams and shards are parts of the unbroken one."""
  unbroken = first_values(dataset.batches("train", batch_size), 5)
  for start in (1, 3):
    resumed = first_values(dataset.batches("train", batch_size, start=start), 2)
    np.testing.assert_array_equal(resumed, unbroken[start : start + 2])
  shards = [
    first_values(
      dataset.batches("train", batch_size, num_shards=2, shard=shard), 5
    )
    for shard in range(2)
  ]
  np.testing.assert_array_equal(np.concatenate(shards, axis=1), unbroken)
  again = first_values(dataset.batches("train", batch_size, seed=1), 5)
  assert (again != unbroken).any()
