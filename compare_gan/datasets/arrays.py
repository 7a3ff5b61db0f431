"""Images in arrays: npz, npy, mat and MNIST's idx files.

  dataset.name = "arrays"
  arrays.path = "/data/flowers.npz"

Images may be [N, H, W], [N, H, W, C], [N, C, H, W] or flat, as CIFAR's 3072
numbers are, of bytes or of numbers in [0, 1], [-1, 1] or 0 ... 255. What does
not say itself which it is, is refused with the name of the binding that does.

  npz          images (or x, data, X), labels (or y); x_train, y_train, x_test,
               y_test for both splits
  npy          images; labels beside them in arrays.labels_path
  mat          data, labels (imagenet64.mat); MATLAB's v7.3 files too
  a folder     data_batch_1.mat ... data_batch_5.mat train, test_batch.mat is
               for evaluation alone; or train-images-idx3-ubyte[.gz] and so on;
               or the one npz, npy or mat file in it, imagenet64.mat say

arrays.image_size makes images larger or smaller when they are read. A pickle is
never read: it may run any program.
"""

import glob
import gzip
import math
import os
from typing import Optional
import zipfile

from compare_gan import gin_roles
from compare_gan.datasets import damage
from compare_gan.datasets import image_files
from compare_gan.datasets import in_memory
import gin
import numpy as np
import tensorflow as tf

LAYOUTS = ("NHWC", "NCHW", "NHW", "flat_NHWC", "flat_NCHW")
VALUE_RANGES = ("0..255", "0..1", "-1..1")
_IMAGES = ("images", "x", "data", "X", "arr_0")
_LABELS = ("labels", "y", "label", "Y", "arr_1")
_ONE_IN_A_FOLDER = (".npz", ".npy", ".mat")
_BLOCK = 2**24  # bytes that are looked at or converted at a time
_IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


gin_roles.declare(
  "arrays",
  paths=["path", "labels_path", "eval_path", "eval_labels_path"],
)


@gin.configurable(
  "arrays", module="compare_gan.datasets", denylist=["on_error"]
)
def open_arrays(
  path=gin.REQUIRED,
  labels_path=None,
  eval_path=None,
  eval_labels_path=None,
  eval_fraction=0.1,
  layout=None,
  value_range=None,
  num_classes=None,
  first_label=None,
  labels=True,
  eval_samples=10000,
  image_size=None,
  on_error="raise",
):
  """Returns the dataset of arrays in files.

  Args:
    path: an npz, npy, mat or idx file, or a folder of mat or idx files.
    labels_path: an npy or idx file, where `path` holds images alone.
    eval_path, eval_labels_path: those that do not train.
    eval_fraction: the share held out, where no file holds the others. 0: all
      images train, those of test files too, and scores compare with them.
    layout: one of LAYOUTS; None where the shape tells.
    value_range: one of VALUE_RANGES; None where the numbers tell.
    num_classes: None for one more than the largest label.
    first_label: what the files call the first class, 0 or 1; None for 0, or
      for 1 if `num_classes` is the largest label and none is 0.
    labels: False leaves labels out.
    eval_samples: how many images a score is computed on, at most.
    image_size: 64 or (height, width) to interpolate to; None for their own.
    on_error: `dataset.on_error`.
  """
  size = image_files.two_sides("arrays.image_size", image_size)
  for name, value, choices in (
    ("layout", layout, LAYOUTS),
    ("value_range", value_range, VALUE_RANGES),
  ):
    if value is not None and value not in choices:
      raise ValueError(
        f"arrays.{name} = {value!r}. It can be one of {choices}."
      )
  found = _find(path, labels_path, eval_path, eval_labels_path)
  if not eval_fraction and eval_path is None and "eval" in found:
    found = _merged(**found)
  arrays, stored = {}, {}
  for split, (images, given) in found.items():
    arrays[split] = _images(images, layout, value_range, split)
    stored[split] = None
    if labels and given is not None:
      stored[split] = _labels(given, len(arrays[split]), split)
  if (stored["train"] is None) != (stored.get("eval", stored["train"]) is None):
    raise ValueError(
      "arrays: one of train and eval has labels and the other has none. "
      "arrays.labels = False leaves them out."
    )
  has_labels = stored["train"] is not None
  if has_labels:
    first_label = _first_label(stored, first_label, num_classes)
    stored = {split: y - first_label for split, y in stored.items()}
    if num_classes is None:
      num_classes = max(1, int(stored["train"].max()) + 1)
  else:
    num_classes = 0
    stored = {s: np.zeros(len(a), np.int64) for s, a in arrays.items()}
  bad = _sort_out_labels(arrays, stored, num_classes, on_error)
  if "eval" not in arrays:
    _hold_out(arrays, stored, eval_fraction)
  dataset = Arrays(path, arrays, stored, num_classes, eval_samples, size)
  dataset.bad = bad
  return dataset


def read_images(
  path: str, layout: Optional[str] = None, value_range: Optional[str] = None
) -> np.ndarray:
  """Returns the images of one file as a dataset of it has them.

  Args:
    path: an npz, npy, mat or idx file.
    layout, value_range: as for `open_arrays`.

  Returns:
    [N, H, W, C], uint8 or float32 in [0, 1].
  """
  numbers = _only_member(path)
  if numbers is None:
    found = _open(path)
    if "eval" in found:
      raise ValueError(
        f"{path} holds two splits, and does not say which images are meant. "
        "Store those alone, as 'images'."
      )
    numbers, _ = found["train"]
  if value_range is None and numbers.dtype.kind == "f":
    low = min((float(x.min()) for x in numbers.blocks()), default=0.0)
    if low < 0.0:
      # A resize that overshoots gives such numbers, too.
      raise ValueError(
        f"{path} holds {numbers.dtype.name} from {low:g} on, which may be "
        "images in [-1, 1] or damaged ones in [0, 1]. Set arrays.value_range "
        f"to one of {VALUE_RANGES}."
      )
  return _images(numbers, layout, value_range, path)


def _only_member(path):
  """Returns the one array of an npz, whatever its name; None if it has more."""
  if not zipfile.is_zipfile(path):
    return None
  with zipfile.ZipFile(path) as archive:
    names = [name for name in archive.namelist() if name.endswith(".npy")]
  return _Npy(path, names[0]) if len(names) == 1 else None


def read_labels(path: str, count: int) -> np.ndarray:
  """Returns the labels, int64 [count], of a file of them.

  Args:
    path: an npy or idx file of integers, or of one-hot rows.
    count: of the images that they are of.
  """
  given = _read(_only_member(path) or _open(path)["train"][0])
  if len(given) != count and given.size != count:
    raise ValueError(
      f"{path} holds labels of shape {given.shape}, but there are {count} "
      "images, each of which needs one."
    )
  return _labels(given, count, path)


class Arrays(in_memory.InMemoryDataset):
  """Arrays that are in memory already.

  Args:
    path: of the file, for the name.
    images, labels: {split: array}.
    num_classes: 0 if there are no labels.
    max_eval_samples: how many images a score is computed on, at most.
    size: (height, width) that images get when they are read, or None.
  """

  def __init__(
    self, path, images, labels, num_classes, max_eval_samples, size=None
  ):
    shape = images["train"].shape[1:]
    if images["eval"].shape[1:] != shape:
      raise ValueError(
        f"arrays: images to train on have the shape {shape}, those for "
        f"evaluation {images['eval'].shape[1:]}."
      )
    name = os.path.basename(os.path.normpath(path)).split(".")[0]
    eval_samples = min(max_eval_samples, len(images["eval"]))
    super().__init__(
      name, (*(size or shape[:2]), shape[2]), num_classes, eval_samples
    )
    self.stored_shape = shape
    self._arrays = images, labels

  def read(self, split, indices):
    images, labels = super().read(split, indices)
    return _resized(images, self.image_shape[:2]), labels

  def load(self, split):
    images, labels = self._arrays
    return images[split], labels[split]


def _resized(images, size):
  """Returns images of another size, of their own dtype.

  Bilinear, as the model cards have it by OpenCV's INTER_LINEAR; smaller images
  are averages of the pixels that they cover.
  """
  if tuple(images.shape[1:3]) == size:
    return images
  resized = tf.image.resize(images, size, antialias=True)
  if images.dtype != tf.uint8:
    return resized
  return tf.cast(tf.round(resized), tf.uint8)


def _merged(train, eval):
  """Returns the images of both splits as those that train."""
  parts = [train, eval]
  if any(labels is None for _, labels in parts):
    return {"train": train, "eval": eval}  # of which only one may have some
  labels = [
    _labels(labels, images.shape[0], split)
    for (images, labels), split in zip(parts, ("train", "eval"))
  ]
  images = _Parts([images for images, _ in parts])
  return {"train": (images, np.concatenate(labels))}


def _find(path, labels_path, eval_path, eval_labels_path):
  """Returns {split: (Numbers of images, labels or None)}, not yet read."""
  if not os.path.exists(path):
    raise FileNotFoundError(f"arrays.path = {path!r}: there is no such file.")
  if os.path.isdir(path):
    found = _find_in_folder(path)
  else:
    found = _open(path)
  if labels_path is not None:
    found["train"] = found["train"][0], _only(labels_path, "labels_path")
  if eval_path is not None:
    if not os.path.isfile(eval_path):
      raise FileNotFoundError(
        f"arrays.eval_path = {eval_path!r}: no such file."
      )
    found["eval"] = _open(eval_path)["train"]
  if eval_labels_path is not None and "eval" in found:
    labels = _only(eval_labels_path, "eval_labels_path")
    found["eval"] = found["eval"][0], labels
  return found


def _find_in_folder(path):
  """Returns what the folders of CIFAR-10 and MNIST hold."""
  mats = sorted(glob.glob(os.path.join(glob.escape(path), "data_batch_*.mat")))
  if mats:
    parts = [_open(mat)["train"] for mat in mats]
    found = {
      "train": (
        _Parts([images for images, _ in parts]),
        np.concatenate([np.ravel(labels) for _, labels in parts]),
      )
    }
    test = os.path.join(path, "test_batch.mat")
    if os.path.exists(test):
      found["eval"] = _open(test)["train"]
    return found
  found = {}
  for split, prefix in (("train", "train"), ("eval", "t10k")):
    images = _idx_pair(path, prefix, "images")
    labels = _idx_pair(path, prefix, "labels")
    if images:
      found[split] = _Whole(_read_idx(images)), labels and _read_idx(labels)
  if "train" in found:
    return found
  if glob.glob(os.path.join(glob.escape(path), "data_batch_*")):
    raise ValueError(
      f"arrays.path = {path!r} holds CIFAR's batches as Python pickles, which "
      "could run any program and are not read. The MATLAB version of CIFAR "
      "(data_batch_1.mat ...) or dataset.name = 'cifar10' would do."
    )
  files = sorted(
    name for name in os.listdir(path) if name.endswith(_ONE_IN_A_FOLDER)
  )
  if len(files) == 1:
    return _open(os.path.join(path, files[0]))
  raise ValueError(
    f"arrays.path = {path!r} is a folder without data_batch_*.mat and without "
    f"train-images-idx3-ubyte[.gz], and of npz, npy and mat files it has "
    f"{', '.join(files[:5]) or 'none'}. Name one file, or use dataset.name = "
    "'folder' for a folder of images."
  )


def _idx_pair(path, prefix, kind):
  name = f"{prefix}-{kind}[-.]idx?-ubyte*"
  pattern = os.path.join(glob.escape(path), name)
  return next(iter(sorted(glob.glob(pattern))), None)


def _open(path):
  """Returns {split: (Numbers, labels)} of a file."""
  with open(path, "rb") as file:
    magic = file.read(512)
  if magic.startswith(b"PK\3\4"):
    return _open_npz(path)
  if magic.startswith(b"\x93NUMPY"):
    return {"train": (_Npy(path), None)}
  if magic.startswith(b"MATLAB 5.0") or magic.startswith(b"MATLAB 7.3"):
    return _pairs(_read_mat(path), path)
  if magic[:2] == b"\x1f\x8b" or (magic[:2] == b"\0\0" and magic[3:4] != b""):
    return {"train": (_Whole(_read_idx(path)), None)}
  if magic[:1] == b"\x80":
    raise ValueError(
      f"{path} is a Python pickle, which could run any program and is not "
      "read. Store the arrays with numpy.savez and name the npz."
    )
  raise ValueError(f"{path} is no npz, npy, mat or idx file, or a damaged one.")


def _open_npz(path):
  try:
    with zipfile.ZipFile(path) as archive:
      names = [n[:-4] for n in archive.namelist() if n.endswith(".npy")]
  except zipfile.BadZipFile as error:
    raise ValueError(f"{path} is a damaged npz: {error}") from error
  members = {name: _Npy(path, f"{name}.npy") for name in names}
  return _pairs(members, path)


def _pairs(members, path):
  """Returns {split: (images, labels)} of arrays by name."""
  for images, labels, eval_images, eval_labels in (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
  ):
    if images in members:
      found = {"train": (members[images], _read(members.get(labels)))}
      if eval_images in members:
        theirs = _read(members.get(eval_labels))
        found["eval"] = members[eval_images], theirs
      return found
  images = next((name for name in _IMAGES if name in members), None)
  labels = next((name for name in _LABELS if name in members), None)
  if images is None:
    raise ValueError(
      f"{path} holds {sorted(members)}. Call the images 'images' and their "
      "labels 'labels', or x_train, y_train, x_test, y_test."
    )
  return {"train": (members[images], _read(members.get(labels)))}


def _only(path, name):
  """Returns the one array of a file of labels."""
  if not os.path.isfile(path):
    raise FileNotFoundError(f"arrays.{name} = {path!r}: there is no such file.")
  return _read(_open(path)["train"][0])


def _read(numbers):
  if numbers is None or isinstance(numbers, np.ndarray):
    return numbers
  return np.concatenate(list(numbers.blocks()))


class _Whole:
  """An array as Numbers: `shape`, `dtype`, and `blocks()` of its rows."""

  def __init__(self, array):
    self._array = array
    self.shape, self.dtype = array.shape, array.dtype

  def blocks(self):
    rows = _rows(self.shape, self.dtype)
    for first in range(0, self.shape[0], rows):
      yield self._array[first : first + rows]


class _Parts:
  """Several Numbers, one after the other."""

  def __init__(self, parts):
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
      raise ValueError(
        f"arrays: batches of different shapes, {sorted(shapes)}."
      )
    self._parts = parts
    self.shape = (sum(p.shape[0] for p in parts), *parts[0].shape[1:])
    self.dtype = parts[0].dtype

  def blocks(self):
    for part in self._parts:
      yield from part.blocks()


class _Npy:
  """An .npy, or one in an .npz, read in blocks: never twice in memory."""

  def __init__(self, path, member=None):
    self._path, self._member = path, member
    with self._opened() as file:
      self.shape, self._fortran, self.dtype = self._header(file)
    if self.dtype.hasobject:
      raise ValueError(
        f"{path} holds Python objects, a pickle that could run any program; it "
        "is not read. Arrays of numbers would do."
      )
    if not self.shape:
      raise ValueError(f"{path}: {member or 'the array'} is one number.")

  def blocks(self):
    with self._opened() as file:
      self._header(file)
      if self._fortran:
        data = self._exactly(file, np.prod(self.shape, dtype=np.int64))
        yield data.reshape(self.shape[::-1]).T
        return
      each = int(np.prod(self.shape[1:], dtype=np.int64))
      rows = _rows(self.shape, self.dtype)
      for first in range(0, self.shape[0], rows):
        n = min(rows, self.shape[0] - first)
        yield self._exactly(file, n * each).reshape(n, *self.shape[1:])

  def _opened(self):
    if self._member is None:
      return open(self._path, "rb")
    return _Member(self._path, self._member)

  def _header(self, file):
    try:
      version = np.lib.format.read_magic(file)
      read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
      }[version]
      return read(file)
    except (
      ValueError,
      KeyError,
      EOFError,
      SyntaxError,
      zipfile.BadZipFile,
    ) as e:
      raise ValueError(f"{self._path} is a damaged npy: {e}") from e

  def _exactly(self, file, count):
    size = int(count) * self.dtype.itemsize
    try:
      data = file.read(size)
    except Exception as error:  # zlib.error, BadZipFile, EOFError, ...
      raise ValueError(f"{self._path} is damaged: {error}") from error
    if len(data) != size:
      raise ValueError(
        f"{self._path} ends early: its header says {self.shape} "
        f"{self.dtype.name}."
      )
    return np.frombuffer(data, self.dtype)


class _Member:
  """A file in a zip, that closes the zip too."""

  def __init__(self, path, member):
    self._archive = zipfile.ZipFile(path)
    self._file = self._archive.open(member)
    self.read = self._file.read

  def __enter__(self):
    return self

  def __exit__(self, *exception):
    self._file.close()
    self._archive.close()


def _rows(shape, dtype):
  each = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
  return max(1, _BLOCK // max(1, each))


def _read_mat(path):
  import scipy.io

  try:
    members = scipy.io.loadmat(path)
  except NotImplementedError:  # v7.3, which is HDF5
    return _read_mat73(path)
  except Exception as error:  # A damaged file raises nearly anything.
    raise ValueError(f"{path} is a damaged mat: {error}") from error
  return {
    name: _Whole(value) if value.ndim > 2 or name in _IMAGES else value
    for name, value in members.items()
    if isinstance(value, np.ndarray) and value.dtype.kind in "uif"
  }


def _read_mat73(path):
  try:
    import h5py
  except ImportError as error:
    raise ValueError(
      f"{path} is a MATLAB v7.3 file, which takes h5py: pip install h5py."
    ) from error
  try:
    with h5py.File(path, "r") as file:
      # MATLAB counts its axes from the other end.
      return {
        name: _Whole(np.asarray(value).T)
        for name, value in file.items()
        if isinstance(value, h5py.Dataset) and value.dtype.kind in "uif"
      }
  except OSError as error:
    raise ValueError(f"{path} is a damaged mat: {error}") from error


def _read_idx(path):
  """Returns the array of an idx file, plain or .gz."""
  with open(path, "rb") as file:
    is_packed = file.read(2) == b"\x1f\x8b"
  try:
    with gzip.open(path) if is_packed else open(path, "rb") as file:
      zeros, kind, rank = file.read(2), file.read(1), file.read(1)
      if zeros != b"\0\0" or not rank or kind[0] not in _IDX:
        raise ValueError("its first bytes are none of an idx file")
      shape = np.frombuffer(file.read(4 * rank[0]), ">u4")
      dtype = np.dtype(_IDX[kind[0]])
      if len(shape) != rank[0]:
        raise ValueError("its header ends early")
      count = math.prod(shape.tolist())
      # In blocks: a header of nonsense must not take memory for it.
      blocks, left = [], count * dtype.itemsize
      while left:
        blocks.append(file.read(min(left, _BLOCK)))
        left -= len(blocks[-1])
        if not blocks[-1]:
          raise ValueError(f"it ends early: its header says {shape.tolist()}")
  except Exception as error:  # EOFError, zlib.error, BadGzipFile, ValueError
    raise ValueError(f"{path} is a damaged idx file: {error}") from error
  array = np.frombuffer(b"".join(blocks), dtype)
  return array.astype(dtype.newbyteorder("=")).reshape(shape)


def _images(numbers, layout, value_range, split):
  """Returns images [N, H, W, C], uint8 or float32 in [0, 1]."""
  shape = tuple(numbers.shape)
  if not shape or not shape[0]:
    raise ValueError(f"arrays: split {split!r} holds no images.")
  layout = layout or _layout(shape)
  arrange, image_shape = _arrangement(shape, layout)
  convert, dtype = _conversion(numbers, value_range, split)
  images = in_memory.empty([shape[0], *image_shape], dtype)
  first = 0
  for block in numbers.blocks():
    images[first : first + len(block)] = convert(arrange(block))
    first += len(block)
  return images


def _layout(shape):
  colors = (1, 3)
  if len(shape) == 3:
    return "NHW"
  if len(shape) == 4:
    last, first = shape[3] in colors, shape[1] in colors
    if last and not first:
      return "NHWC"
    if first and not last:
      return "NCHW"
  if len(shape) == 2 and _side(shape[1], 1):
    return "flat_NHWC"
  if len(shape) == 2 and _side(shape[1], 3):
    return "flat_NCHW"  # as CIFAR has them
  raise ValueError(
    f"arrays: images of shape {shape} do not say what their axes are. Set "
    f"arrays.layout to one of {LAYOUTS}."
  )


def _side(pixels, colors):
  """Returns the side of square images of so many numbers, or None."""
  side = round((pixels / colors) ** 0.5)
  return side if side * side * colors == pixels else None


def _arrangement(shape, layout):
  """Returns a function, rows as stored -> [n, H, W, C], and (H, W, C)."""
  rank = {"NHWC": 4, "NCHW": 4, "NHW": 3}.get(layout, 2)
  if len(shape) != rank:
    raise ValueError(
      f"arrays.layout = {layout!r} has {rank} axes; the images have the shape "
      f"{shape}."
    )
  if layout == "NHW":
    return lambda x: x[..., None], (*shape[1:], 1)
  if layout == "NHWC":
    return lambda x: x, shape[1:]
  if layout == "NCHW":
    c, h, w = shape[1:]
    return lambda x: x.transpose(0, 2, 3, 1), (h, w, c)
  colors = 1 if _side(shape[1], 1) else 3
  side = _side(shape[1], colors)
  if side is None:
    raise ValueError(
      f"arrays: {shape[1]} numbers are no square image of 1 or 3 colors."
    )
  if layout == "flat_NHWC":
    return lambda x: x.reshape(-1, side, side, colors), (side, side, colors)
  return (
    lambda x: x.reshape(-1, colors, side, side).transpose(0, 2, 3, 1),
    (side, side, colors),
  )


def _conversion(numbers, value_range, split):
  """Returns a function from blocks to images, and the images' dtype."""
  if numbers.dtype == np.uint8 and value_range in (None, "0..255"):
    return lambda x: x, np.uint8
  low, high, whole = _seen(numbers, split)
  value_range = value_range or _value_range(numbers.dtype, low, high, whole)
  least, most = {"0..255": (0, 255), "0..1": (0, 1), "-1..1": (-1, 1)}[
    value_range
  ]
  if low < least or high > most:
    raise ValueError(
      f"arrays: split {split!r} has values from {low:g} to {high:g}, outside "
      f"of {value_range}. arrays.value_range says what they mean."
    )
  if value_range == "0..255" and whole:
    return lambda x: x.astype(np.uint8), np.uint8
  scale = np.float32(1.0 / (most - least))
  least = np.float32(least)
  return lambda x: (x.astype(np.float32) - least) * scale, np.float32


def _seen(numbers, split):
  """Returns the smallest and largest value, and whether all are integers."""
  low, high, whole = np.inf, -np.inf, True
  for block in numbers.blocks():
    least, most = float(block.min()), float(block.max())
    if not np.isfinite([least, most]).all():
      raise ValueError(
        f"arrays: split {split!r} holds values that are no number."
      )
    low, high = min(low, least), max(high, most)
    whole = whole and bool((block == np.trunc(block)).all())
  return low, high, whole


def _value_range(dtype, low, high, whole):
  is_float = dtype.kind == "f"
  if whole and low >= 0 and 1 < high <= 255:
    return "0..255"
  if is_float and low >= 0 and high <= 1:
    return "0..1"
  if is_float and -1 <= low < 0 and high <= 1:
    return "-1..1"
  raise ValueError(
    f"arrays: images of {dtype.name} with values from {low:g} to {high:g} do "
    f"not say what they mean. Set arrays.value_range to one of {VALUE_RANGES}, "
    "or store bytes (uint8)."
  )


def _labels(given, n, split):
  """Returns labels int64 [n]; [1, n], [n, 1] and one-hot [n, K] will do."""
  given = np.asarray(given)
  one_hot = given.ndim == 2 and given.shape[0] == n and given.shape[1] > 1
  if one_hot and ((given == 0).sum(axis=1) == given.shape[1] - 1).all():
    return given.argmax(axis=1).astype(np.int64)
  if given.size != n:
    raise ValueError(
      f"arrays: {n} images of split {split!r} have labels of shape "
      f"{given.shape}. One for each image would do."
    )
  flat = given.reshape(-1)
  if flat.dtype.kind not in "ui" and not (flat == np.trunc(flat)).all():
    raise ValueError(f"arrays: labels of split {split!r} are no integers.")
  return flat.astype(np.int64)


def _first_label(stored, first_label, num_classes):
  if first_label is not None:
    return first_label
  least = min(int(y.min()) for y in stored.values())
  if least == 1:
    if num_classes == max(int(y.max()) for y in stored.values()):
      return 1
    raise ValueError(
      "arrays: labels begin at 1. Set arrays.first_label = 1 if that is the "
      "first class, as MATLAB counts, or 0 if only no image of class 0 is here."
    )
  return 0


def _sort_out_labels(arrays, stored, num_classes, on_error):
  """Leaves images out whose labels are out of range; returns [Bad]."""
  bad, total = [], sum(len(labels) for labels in stored.values())
  last = max(1, num_classes) - 1
  for split, labels in stored.items():
    is_bad = (labels < 0) | (labels > last)
    for place in np.flatnonzero(is_bad).tolist():
      reason = f"its label {labels[place]} is outside of 0 to {last}"
      bad.append(damage.Bad(split, f"image {place}", reason))
  damage.settle("arrays", bad, total, on_error)
  for split, labels in list(stored.items()):
    is_good = (labels >= 0) & (labels <= last)
    if not is_good.all():
      arrays[split] = arrays[split][is_good]
      stored[split] = labels[is_good]
  return bad


def _hold_out(arrays, stored, fraction):
  """Moves a share of what trains to "eval"."""
  images, labels = arrays["train"], stored["train"]
  train, held = image_files.held_out(len(images), fraction, "arrays")
  if not fraction:
    arrays["eval"], stored["eval"] = images, labels
    return
  arrays["eval"], stored["eval"] = images[held], labels[held]
  # In place, front to back: row k comes from row train[k] >= k.
  step = max(1, _BLOCK // max(1, images[0].nbytes))
  for first in range(0, len(train), step):
    rows = train[first : first + step]
    images[first : first + len(rows)] = images[rows]
  arrays["train"], stored["train"] = images[: len(train)], labels[train]
