"""Arrays in files: what they hold, and what is unclear about them."""

import gzip
import pickle
import struct

from compare_gan.datasets import catalogue
import gin
import numpy as np
import pytest
import scipy.io

from tests.datasets import pictures

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")

_N = 12
_PIXELS = np.stack([pictures.pixels(i) for i in range(_N)])  # [12, 8, 8, 3]
_LABELS = np.arange(_N) % 3


def _open(path, *bindings):
  gin.clear_config()
  gin.parse_config(
    ['dataset.name = "arrays"', f'arrays.path = "{path}"', *bindings]
  )
  return catalogue.dataset()


def _pairs(dataset):
  """Returns [(label, uint8 image)] of both splits, in the order of images."""
  found = []
  for split in ("train", "eval"):
    for batch in dataset.in_order(split, 5).as_numpy_iterator():
      found += zip(batch["images"], batch["labels"])
  found = [(np.rint(255 * image).astype(int), int(y)) for image, y in found]
  return sorted(found, key=lambda pair: pair[0].tolist())


def _assert_holds(dataset, images=_PIXELS, labels=_LABELS):
  expected = sorted(
    zip(images.astype(int), labels), key=lambda pair: pair[0].tolist()
  )
  found = _pairs(dataset)
  assert len(found) == len(expected)
  for (image, label), (other, other_label) in zip(found, expected):
    np.testing.assert_array_equal(image, other)
    assert label == other_label


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(save, tmp_path):
  save(tmp_path / "flowers.npz", images=_PIXELS, labels=_LABELS)
  dataset = _open(tmp_path / "flowers.npz")
  assert (dataset.name, dataset.image_shape) == ("flowers", (8, 8, 3))
  assert dataset.num_classes == 3
  assert (dataset.size("train"), dataset.size("eval")) == (11, 1)
  _assert_holds(dataset)


def test_npz_with_both_splits(tmp_path):
  np.savez(
    tmp_path / "x.npz",
    x_train=_PIXELS[:9],
    y_train=_LABELS[:9, None],
    x_test=_PIXELS[9:],
    y_test=_LABELS[9:],
  )
  dataset = _open(tmp_path / "x.npz")
  assert (dataset.size("train"), dataset.size("eval")) == (9, 3)
  _assert_holds(dataset)


def test_npy_with_labels_beside_it(tmp_path):
  np.save(tmp_path / "x.npy", _PIXELS)
  np.save(tmp_path / "y.npy", _LABELS)
  labels = f'arrays.labels_path = "{tmp_path / "y.npy"}"'
  _assert_holds(_open(tmp_path / "x.npy", labels))
  assert _open(tmp_path / "x.npy").num_classes == 0


def test_fortran_order(tmp_path):
  np.save(tmp_path / "x.npy", np.asfortranarray(_PIXELS))
  _assert_holds(_open(tmp_path / "x.npy"), labels=0 * _LABELS)


@pytest.mark.parametrize(
  "layout,stored",
  [
    ("NHWC", _PIXELS),
    ("NCHW", _PIXELS.transpose(0, 3, 1, 2)),
    ("flat_NCHW", _PIXELS.transpose(0, 3, 1, 2).reshape(_N, -1)),
  ],
)
def test_layouts_tell_themselves(layout, stored, tmp_path):
  np.save(tmp_path / "x.npy", stored)
  for bindings in ((), (f'arrays.layout = "{layout}"',)):
    dataset = _open(tmp_path / "x.npy", *bindings)
    _assert_holds(dataset, labels=0 * _LABELS)


def test_flat_nhwc_is_bound(tmp_path):
  np.save(tmp_path / "x.npy", _PIXELS.reshape(_N, -1))
  dataset = _open(tmp_path / "x.npy", 'arrays.layout = "flat_NHWC"')
  _assert_holds(dataset, labels=0 * _LABELS)


@pytest.mark.parametrize("shape", [(4, 3, 5, 3), (4, 2, 2, 7), (4, 10), (4,)])
def test_unclear_axes_are_refused(shape, tmp_path):
  np.save(tmp_path / "x.npy", np.zeros(shape, np.uint8))
  with pytest.raises(ValueError, match="arrays.layout to one of"):
    _open(tmp_path / "x.npy")


@pytest.mark.parametrize(
  "stored",
  [
    _PIXELS.astype(np.int64),
    _PIXELS.astype(np.float32),
    np.float32(_PIXELS) / np.float32(255),
    _PIXELS / 127.5 - 1,
  ],
)
def test_value_ranges_tell_themselves(stored, tmp_path):
  np.save(tmp_path / "x.npy", stored)
  _assert_holds(_open(tmp_path / "x.npy"), labels=0 * _LABELS)


@pytest.mark.parametrize(
  "stored,message",
  [
    (_PIXELS.astype(np.float32) + 0.5, "value_range to one of"),
    (_PIXELS.astype(np.int16) - 3, "value_range to one of"),
    ((_PIXELS > 99).astype(np.int64), "value_range to one of"),
    (_PIXELS.astype(np.float32) * np.nan, "NaN or infinity"),
    (_PIXELS.astype(np.uint16) * 16, "value_range to one of"),
  ],
)
def test_unclear_values_are_refused(stored, message, tmp_path):
  np.save(tmp_path / "x.npy", stored)
  with pytest.raises(ValueError, match=message):
    _open(tmp_path / "x.npy")


def test_values_outside_of_the_bound_range(tmp_path):
  np.save(tmp_path / "x.npy", np.float32(_PIXELS) / 127.5 - 1)
  with pytest.raises(ValueError, match="outside of 0..1"):
    _open(tmp_path / "x.npy", 'arrays.value_range = "0..1"')


def _write_cifar(folder, test=True):
  flat = _PIXELS.transpose(0, 3, 1, 2).reshape(_N, -1)
  for i in range(5):
    rows = slice(2 * i, 2 * i + 2)
    scipy.io.savemat(
      folder / f"data_batch_{i + 1}.mat",
      {"data": flat[rows], "labels": _LABELS[rows, None].astype(np.uint8)},
    )
  if test:
    scipy.io.savemat(
      folder / "test_batch.mat",
      {"data": flat[10:], "labels": _LABELS[10:, None].astype(np.uint8)},
    )


def test_cifar_mats_keep_the_test_batch_apart(tmp_path):
  _write_cifar(tmp_path)
  dataset = _open(tmp_path)
  assert (dataset.size("train"), dataset.size("eval")) == (10, 2)
  _assert_holds(dataset)
  images, _ = dataset.load("eval")
  np.testing.assert_array_equal(images, _PIXELS[10:])


def test_imagenet64_mat(tmp_path):
  scipy.io.savemat(
    tmp_path / "imagenet64.mat", {"data": _PIXELS, "labels": _LABELS[None]}
  )
  _assert_holds(_open(tmp_path / "imagenet64.mat"))


def test_mat_of_version_73(tmp_path):
  import h5py

  path = tmp_path / "x.mat"
  with h5py.File(path, "w", userblock_size=512) as file:
    file["data"] = _PIXELS.T
    file["labels"] = _LABELS[:, None]
  with open(path, "r+b") as file:
    file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
  _assert_holds(_open(path))


def _idx(array):
  kind = {"uint8": 8, "int32": 12}[array.dtype.name]
  head = struct.pack(">BBBB", 0, 0, kind, array.ndim)
  sizes = struct.pack(f">{array.ndim}I", *array.shape)
  return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_idx(packed, tmp_path):
  gray = _PIXELS[..., 0]
  files = {
    "train-images-idx3-ubyte": _idx(gray[:9]),
    "train-labels-idx1-ubyte": _idx(_LABELS[:9].astype(np.uint8)),
    "t10k-images-idx3-ubyte": _idx(gray[9:]),
    "t10k-labels-idx1-ubyte": _idx(_LABELS[9:].astype(np.uint8)),
  }
  for name, data in files.items():
    if packed:
      (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    else:
      (tmp_path / name).write_bytes(data)
  dataset = _open(tmp_path)
  assert dataset.image_shape == (8, 8, 1)
  assert (dataset.size("train"), dataset.size("eval")) == (9, 3)
  _assert_holds(dataset, _PIXELS[..., :1])


def test_damaged_idx(tmp_path):
  path = tmp_path / "x.idx"
  path.write_bytes(_idx(_PIXELS)[:-1])
  with pytest.raises(ValueError, match="damaged idx file: it ends early"):
    _open(path)


def test_header_of_nonsense_takes_no_memory(tmp_path):
  path = tmp_path / "x.idx"
  path.write_bytes(struct.pack(">BBBB4I", 0, 0, 8, 4, *[2**31] * 4) + b"abc")
  with pytest.raises(ValueError, match="ends early"):
    _open(path)


class _Bomb:
  def __reduce__(self):
    return (_explode, ())


def _explode():
  raise SystemExit("a pickle was read")


def test_pickles_are_never_read(tmp_path):
  data = pickle.dumps({b"data": _Bomb()})
  (tmp_path / "data_batch_1").write_bytes(data)
  with pytest.raises(ValueError, match="could run any program.*cifar10"):
    _open(tmp_path)
  with pytest.raises(ValueError, match="pickle, which could run any program"):
    _open(tmp_path / "data_batch_1")
  np.save(
    tmp_path / "x.npy", np.array([_Bomb()], dtype=object), allow_pickle=True
  )
  with pytest.raises(ValueError, match="could run any program"):
    _open(tmp_path / "x.npy")


def test_truncated_npy(tmp_path):
  np.save(tmp_path / "x.npy", _PIXELS)
  data = (tmp_path / "x.npy").read_bytes()
  (tmp_path / "x.npy").write_bytes(data[:-1])
  with pytest.raises(ValueError, match="ends early"):
    _open(tmp_path / "x.npy")


def test_wrong_labels(tmp_path):
  labels = _LABELS.copy()
  labels[4] = -1
  np.savez(tmp_path / "x.npz", images=_PIXELS, labels=labels)
  with pytest.raises(ValueError, match="1 of 12.*\n.*image 4: its label -1"):
    _open(tmp_path / "x.npz")
  dataset = _open(tmp_path / "x.npz", 'dataset.on_error = "skip"')
  keep = np.arange(_N) != 4
  _assert_holds(dataset, _PIXELS[keep], _LABELS[keep])
  assert [bad.name for bad in dataset.bad] == ["image 4"]


def test_labels_of_matlab(tmp_path):
  np.savez(tmp_path / "x.npz", images=_PIXELS, labels=_LABELS + 1)
  with pytest.raises(ValueError, match="begin at 1.*first_label = 1"):
    _open(tmp_path / "x.npz")
  _assert_holds(_open(tmp_path / "x.npz", "arrays.first_label = 1"))


def test_one_hot_labels(tmp_path):
  np.savez(tmp_path / "x.npz", images=_PIXELS, labels=np.eye(3)[_LABELS])
  _assert_holds(_open(tmp_path / "x.npz"))


def test_unknown_names(tmp_path):
  np.savez(tmp_path / "x.npz", pictures=_PIXELS)
  with pytest.raises(ValueError, match=r"\['pictures'\].*'images'"):
    _open(tmp_path / "x.npz")


def test_batches_are_functions_of_seed_and_t(tmp_path):
  np.savez(tmp_path / "x.npz", images=_PIXELS, labels=_LABELS)
  dataset = _open(tmp_path / "x.npz", "dataset.flip = True")
  pictures.assert_is_a_function_of_seed_and_t(dataset)


def _mats(folder, **files):
  folder.mkdir()
  for name, (images, labels) in files.items():
    planar = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    scipy.io.savemat(
      folder / f"{name}.mat", {"data": planar, "labels": labels[:, None]}
    )
  return folder


@pytest.mark.parametrize("in_folder", [False, True])
def test_imagenet64_of_the_model_card(tmp_path, in_folder):
  """`data` is NHWC and `labels` one row; a folder may hold it."""
  path = tmp_path / "imagenet64.mat"
  scipy.io.savemat(path, {"data": _PIXELS, "labels": _LABELS[None]})
  dataset = _open(tmp_path if in_folder else path)
  assert dataset.num_classes == 3
  _assert_holds(dataset)


def test_two_files_in_a_folder_are_a_question(tmp_path):
  for name in ("a", "b"):
    np.savez(tmp_path / f"{name}.npz", images=_PIXELS)
  with pytest.raises(ValueError, match="files are a.npz, b.npz. Name one"):
    _open(tmp_path)


def test_labels_count_from_one_where_the_classes_say_so(tmp_path):
  path = tmp_path / "x.npz"
  np.savez(path, images=_PIXELS, labels=_LABELS + 1)
  with pytest.raises(ValueError, match="first_label"):
    _open(path)
  dataset = _open(path, "arrays.num_classes = 3")
  assert dataset.num_classes == 3
  _assert_holds(dataset)
  with pytest.raises(ValueError, match="first_label"):
    _open(path, "arrays.num_classes = 4")  # 1 to 3 of 0 to 3?


def test_all_files_train_where_nothing_is_held_out(tmp_path):
  folder = _mats(
    tmp_path / "cifar",
    data_batch_1=(_PIXELS[:5], _LABELS[:5]),
    data_batch_2=(_PIXELS[5:9], _LABELS[5:9]),
    test_batch=(_PIXELS[9:], _LABELS[9:]),
  )
  kept = _open(folder)
  assert (kept.size("train"), kept.size("eval")) == (9, 3)
  dataset = _open(folder, "arrays.eval_fraction = 0.0")
  assert (dataset.size("train"), dataset.size("eval")) == (_N, _N)
  for split in ("train", "eval"):
    [batch] = dataset.in_order(split, _N).as_numpy_iterator()
    np.testing.assert_array_equal(np.rint(255 * batch["images"]), _PIXELS)
    np.testing.assert_array_equal(batch["labels"], _LABELS)


def test_one_file_trains_whole_where_nothing_is_held_out(tmp_path):
  np.savez(tmp_path / "x.npz", images=_PIXELS)
  dataset = _open(tmp_path / "x.npz", "arrays.eval_fraction = 0")
  assert (dataset.size("train"), dataset.size("eval")) == (_N, _N)


@pytest.mark.parametrize("size", [4, 8, 16, (4, 16)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_are_resized_when_they_are_read(tmp_path, size, dtype):
  images = _PIXELS if dtype == np.uint8 else (_PIXELS / 255).astype(dtype)
  np.savez(tmp_path / "x.npz", images=images, labels=_LABELS)
  dataset = _open(tmp_path / "x.npz", f"arrays.image_size = {size}")
  height, width = size if isinstance(size, tuple) else (size, size)
  assert dataset.image_shape == (height, width, 3)
  batch = next(dataset.batches("train", 4).as_numpy_iterator())
  assert batch["images"].shape == (4, height, width, 3)
  assert 0.0 <= batch["images"].min() and batch["images"].max() <= 1.0
  stored = next(iter(dataset.batches("train", 4, as_stored=True)))
  assert stored["images"].dtype == dtype


def test_larger_images_are_bilinear(tmp_path):
  """Four pixels of each, as OpenCV's INTER_LINEAR has them."""
  image = np.zeros([1, 1, 2, 3], np.uint8)
  image[:, :, 1] = 100
  np.savez(tmp_path / "x.npz", images=np.repeat(image, 4, axis=0))
  dataset = _open(
    tmp_path / "x.npz",
    "arrays.image_size = (1, 4)",
    "arrays.layout = 'NHWC'",
    "arrays.eval_fraction = 0",
  )
  [batch] = dataset.in_order("train", 4).as_numpy_iterator()
  found = np.rint(255 * batch["images"][0, 0, :, 0])
  np.testing.assert_array_equal(found, [0, 25, 75, 100])


def test_wrong_image_size_is_named(tmp_path):
  np.savez(tmp_path / "x.npz", images=_PIXELS)
  with pytest.raises(ValueError, match="arrays.image_size = 0"):
    _open(tmp_path / "x.npz", "arrays.image_size = 0")


# ---- Street view house numbers, and what else is MATLAB's --------------------


def _svhn(path, n, kind="mat"):
  """Writes n pictures, of the digits 1, 2 ... 9, 0, 1 ..., as SVHN has them."""
  images = np.stack([pictures.pixels(i, 32, 32) for i in range(n)], axis=-1)
  labels = (np.arange(n) % 10 + 1)[:, None].astype(np.uint8)
  if kind == "npz":
    np.savez(path, X=images, y=labels)
  else:
    scipy.io.savemat(path, {"X": images, "y": labels})


def _digits(dataset, split):
  [batch] = dataset.in_order(split, 99).as_numpy_iterator()
  for i, image in enumerate(batch["images"]):
    expected = pictures.pixels(i, 32, 32)
    np.testing.assert_array_equal(np.rint(255 * image), expected)
  return batch["labels"].tolist()


def test_svhn(tmp_path):
  for split, n in (("train", 21), ("test", 12)):
    _svhn(tmp_path / f"{split}_32x32.mat", n)
  dataset = _open(tmp_path)
  assert (dataset.image_shape, dataset.num_classes) == ((32, 32, 3), 10)
  assert _digits(dataset, "train") == [(i + 1) % 10 for i in range(21)]
  assert _digits(dataset, "eval") == [(i + 1) % 10 for i in range(12)]
  both = _open(tmp_path, "arrays.eval_fraction = 0")
  assert (both.size("train"), both.num_classes) == (33, 10)


@pytest.mark.parametrize("kind", ["mat", "npz"])
def test_svhn_of_one_file(kind, tmp_path):
  path = tmp_path / f"x.{kind}"
  _svhn(path, 12, kind)
  more = ["arrays.eval_fraction = 0", "arrays.num_classes = 10"]
  assert _digits(_open(path, *more), "train") == [*range(1, 10), 0, 1, 2]
  counted = _open(path, *more, "arrays.first_label = 1")
  assert _digits(counted, "train") == [*range(10), 0, 1]


def test_ten_of_more_classes_is_no_zero(tmp_path):
  """Also where the images for evaluation are of the first ten alone."""
  for split, last in (("train", 12), ("test", 10)):
    images = np.stack([pictures.pixels(i) for i in range(last)], axis=-1)
    labels = np.arange(1, last + 1)[:, None]
    scipy.io.savemat(tmp_path / f"{split}.mat", {"X": images, "y": labels})
  dataset = _open(tmp_path, "arrays.first_label = 1")
  assert dataset.num_classes == 12
  [batch] = dataset.in_order("eval", 99).as_numpy_iterator()
  np.testing.assert_array_equal(batch["labels"], np.arange(10))
  with pytest.raises(ValueError, match="begin at 1"):
    _open(tmp_path)


def test_all_files_train_without_labels_too(tmp_path):
  np.savez(tmp_path / "x.npz", x_train=_PIXELS[:9], x_test=_PIXELS[9:])
  dataset = _open(tmp_path / "x.npz", "arrays.eval_fraction = 0")
  assert (dataset.size("train"), dataset.num_classes) == (_N, 0)
  np.savez(
    tmp_path / "y.npz",
    x_train=_PIXELS[:9],
    y_train=_LABELS[:9],
    x_test=_PIXELS[9:],
  )
  more = ("arrays.eval_fraction = 0", "arrays.labels = False")
  assert _open(tmp_path / "y.npz", *more).size("train") == _N


def test_splits_of_other_axes_do_not_train_as_one(tmp_path):
  planes = _PIXELS[9:].transpose(0, 3, 1, 2)
  np.savez(tmp_path / "x.npz", x_train=_PIXELS[:9], x_test=planes)
  assert _open(tmp_path / "x.npz").size("eval") == 3
  with pytest.raises(ValueError, match="axes NHWC, .* NCHW"):
    _open(tmp_path / "x.npz", "arrays.eval_fraction = 0")


def test_names_of_classes_are_no_labels(tmp_path):
  names = np.array(["cat", "dog", "eel"])[_LABELS]
  np.savez(tmp_path / "x.npz", images=_PIXELS, labels=names)
  with pytest.raises(ValueError, match="labels of split 'train' are <U3"):
    _open(tmp_path / "x.npz")
