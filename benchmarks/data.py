"""How fast images are read: `python -m benchmarks.data`.

memory  batches of 64 images of CIFAR's size from a dataset in memory, read and
        cast to float32 in a loop in a graph, as training does; compared with a
        bare loop of numpy, `images[i].astype(float32)`, over the same array
jpeg    a folder of 128 x 128 JPEGs on one core, decoded as batches are made;
        compared with tf.data with only tf.io.read_file and decode_jpeg
peak    how much memory reading the dataset took, in parts of its uint8 pixels

Rates are medians of five rounds that alternate between the two. Nothing else
should run on the machine.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import psutil

_ROUNDS = 5
_BATCH = 64


def _alternate(*measures):
  """Returns the median rate of each of some functions."""
  rounds = [[measure() for measure in measures] for _ in range(_ROUNDS)]
  return [statistics.median(rates) for rates in zip(*rounds)]


def _rate_of(batches, count):
  """Returns a function that reads `count` batches and returns the rate.

  It reads them in a graph, and casts images to float32 if they are not.
  """
  import tensorflow as tf

  iterator = iter(batches)

  @tf.function
  def read(n):
    def body(k, _):
      batch = next(iterator)
      images = batch["images"] if isinstance(batch, dict) else batch
      # A value of each batch, so that the graph reads all of them.
      return k + 1, tf.cast(images, tf.float32)[0, 0, 0, 0]

    return tf.while_loop(lambda k, _: k < n, body, [tf.constant(0), 0.0])

  read(tf.constant(20))

  def measure():
    start = time.perf_counter()
    read(tf.constant(count))
    return count / (time.perf_counter() - start)

  return measure


def _memory(count=2000):
  """Returns batches a second of the dataset, and of numpy."""
  from compare_gan.datasets import in_memory

  n = 50000
  pixels = in_memory.empty([n, 32, 32, 3])
  pixels[...] = np.random.RandomState(0).randint(0, 256, pixels.shape, np.uint8)

  class Cifar(in_memory.InMemoryDataset):
    def __init__(self):
      super().__init__("cifar", (32, 32, 3), 10, 10000)

    def load(self, split):
      return pixels, np.arange(n) % 10

  order = np.random.RandomState(1).permutation(n)

  def bare():
    start = time.perf_counter()
    for k in range(count):
      first = k * _BATCH % (n - _BATCH)
      pixels[order[first : first + _BATCH]].astype(np.float32)
    return count / (time.perf_counter() - start)

  return _alternate(
    _rate_of(Cifar().batches("train", _BATCH, as_stored=True), count), bare
  )


def _jpeg(folder, count=20, size=128):
  """Returns images a second of a folder, and of tf.io.decode_jpeg."""
  from compare_gan.datasets import folder as folder_lib
  from PIL import Image
  import tensorflow as tf

  random = np.random.RandomState(0)
  for i in range(512):
    small = random.randint(0, 256, [size // 8, size // 8, 3]).astype(np.uint8)
    image = Image.fromarray(small).resize((size, size), Image.BICUBIC)
    image.save(folder / f"{i:04}.jpg", quality=90)
  dataset = folder_lib.open_images(str(folder), memory_bytes=0)
  files = sorted(str(path) for path in folder.glob("*.jpg"))
  plain = tf.data.Dataset.from_tensor_slices(files).shuffle(512).repeat()
  plain = plain.map(lambda p: tf.io.decode_jpeg(tf.io.read_file(p), channels=3))
  plain = plain.batch(_BATCH).prefetch(2)
  rates = _alternate(
    _rate_of(dataset.batches("train", _BATCH, as_stored=True), count),
    _rate_of(plain, count),
  )
  return [_BATCH * rate for rate in rates]


def _resident():
  """Returns the bytes of memory that this process uses, now and at its peak."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  unit = 1 if sys.platform == "darwin" else 1024
  return [psutil.Process().memory_info().rss, unit * peak]


def _peak(path):
  """Returns the peak of reading an npy of uint8, in parts of its size."""
  from compare_gan.datasets import arrays

  small = path + "-small.npy"
  np.save(small, np.zeros([1000, 32, 32, 3], np.uint8))
  warm = arrays.open_arrays(small, labels=False)
  _rate_of(warm.batches("train", _BATCH), 500)()  # For TensorFlow's own memory.
  before, _ = _resident()
  dataset = arrays.open_arrays(path, labels=False)
  batches = dataset.batches("train", _BATCH)
  _rate_of(batches, 500)()
  return (_resident()[1] - before) / os.path.getsize(path)


def _in_a_process(what, *arguments, core=None):
  """Returns what `--only what` prints, on one core if `core` is given."""
  command = [
    sys.executable,
    "-m",
    "benchmarks.data",
    "--only",
    what,
    *arguments,
  ]
  pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
  ran = subprocess.run(
    command, stdout=subprocess.PIPE, check=True, text=True, preexec_fn=pin
  )
  return json.loads(ran.stdout.splitlines()[-1])


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--only", choices=["memory", "jpeg", "peak"])
  parser.add_argument("--path", help="of --only peak and jpeg")
  args = parser.parse_args()
  if args.only == "memory":
    print(json.dumps(_memory()))
  elif args.only == "jpeg":
    print(json.dumps(_jpeg(pathlib.Path(args.path))))
  elif args.only == "peak":
    print(json.dumps(_peak(args.path)))
  else:
    _all()


def _all():
  ours, bare = _in_a_process("memory")
  print(f"memory  {ours:8.0f} batches/s, numpy {bare:8.0f}: {ours / bare:.2f}")
  with tempfile.TemporaryDirectory() as folder:
    os.environ["COMPARE_GAN_CACHE"] = os.path.join(folder, "cache")
    images = os.path.join(folder, "images")
    os.mkdir(images)
    core = min(os.sched_getaffinity(0))
    jpeg, decode = _in_a_process("jpeg", "--path", images, core=core)
    print(
      f"jpeg    {jpeg:8.0f} images/s, tf {decode:8.0f}: {jpeg / decode:.2f}"
    )
    path = os.path.join(folder, "x.npy")
    np.save(path, np.full([200000, 32, 32, 3], 7, np.uint8))
    peak = _in_a_process("peak", "--path", path)
    print(f"peak    {peak:8.2f} of the uint8 pixels")
  figures = {
    "memory_batches_per_second": ours,
    "numpy_batches_per_second": bare,
    "memory_ratio": ours / bare,
    "jpeg_images_per_second": jpeg,
    "decode_jpeg_images_per_second": decode,
    "jpeg_ratio": jpeg / decode,
    "peak_memory_ratio": peak,
  }
  print(json.dumps(figures))


if __name__ == "__main__":
  main()
