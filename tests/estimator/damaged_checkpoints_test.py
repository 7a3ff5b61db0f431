"""Checkpoints and damage: writes that fail, and files that are not whole."""

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile

from compare_gan.storage import checkpoints
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = pytest.mark.versions("TensorFlow's checkpoint format")

W = np.arange(6, dtype=np.float32).reshape(2, 3)


def files(folder):
  return sorted(os.listdir(folder))


# ---- Writes that fail --------------------------------------------------------


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
  (tmp_path / "model").write_bytes(b"")
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path / "model"), 1, {"w": W})


@pytest.mark.parametrize("tensors", [{}, {"w": object()}])
def test_tensors_that_cannot_be_written_leave_nothing(tensors, tmp_path):
  with pytest.raises((ValueError, tf.errors.OpError)):
    checkpoints.write(str(tmp_path), 1, tensors)
  assert files(tmp_path) == []


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
  checkpoints.write(str(tmp_path), 1, {"w": W})
  before = files(tmp_path)

  def full(path):
    raise OSError(28, "No space left on device", path)

  monkeypatch.setattr(os, "fsync", full)
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": 2 * W})
  assert files(tmp_path) == before
  np.testing.assert_array_equal(checkpoints.read(str(tmp_path), 1)["w"], W)


def test_a_folder_in_place_of_the_index_leaves_no_data_behind(tmp_path):
  (tmp_path / "model.ckpt-1.index").mkdir()
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": W})
  assert files(tmp_path) == ["model.ckpt-1.index"]


def test_a_checkpoint_is_whole_where_the_pointer_to_it_fails(tmp_path):
  (tmp_path / "checkpoint").mkdir()
  with pytest.raises(OSError):
    checkpoints.write(str(tmp_path), 1, {"w": W})
  np.testing.assert_array_equal(checkpoints.read(str(tmp_path), 1)["w"], W)


@pytest.mark.parametrize("move", [1, 2, 3])
@pytest.mark.parametrize("exists", [True, False])
def test_a_checkpoint_is_whole_whenever_a_write_is_killed(
  exists, move, tmp_path, monkeypatch
):
  if exists:
    checkpoints.write(str(tmp_path), 1, {"w": W})
    (tmp_path / "checkpoint").write_text("")  # The third file to be replaced.
  moves = []

  def kill(source, target, replace=os.replace):
    moves.append(target)
    if len(moves) == move:
      raise KeyboardInterrupt
    replace(source, target)

  monkeypatch.setattr(checkpoints.os, "replace", kill)
  with pytest.raises(KeyboardInterrupt):
    checkpoints.write(str(tmp_path), 1, {"v": W[:1], "w": 2 * W})
  if checkpoints.all_steps(str(tmp_path)):
    w = checkpoints.read(str(tmp_path), 1)["w"]
    assert w.tolist() in (W.tolist(), (2 * W).tolist())


# ---- Files that are damaged --------------------------------------------------


@pytest.mark.parametrize("broken", [b"", b"no index", None])
def test_a_broken_index_is_named(broken, tmp_path):
  prefix = checkpoints.write(str(tmp_path), 1, {"w": W})
  index = tmp_path / "model.ckpt-1.index"
  index.write_bytes(index.read_bytes()[:-9] if broken is None else broken)
  with pytest.raises(checkpoints.DamagedError) as error:
    checkpoints.load(prefix)
  assert f"{prefix} is damaged: " in str(error.value)


def test_a_missing_checkpoint_is_named(tmp_path):
  with pytest.raises(FileNotFoundError) as error:
    checkpoints.load(str(tmp_path / "model.ckpt-1"))
  assert str(tmp_path / "model.ckpt-1") in str(error.value)


def cut_short(path):
  os.truncate(path, os.path.getsize(path) - 1)


def empty(path):
  os.truncate(path, 0)


def flip_a_bit(path):
  with open(path, "r+b") as file:
    first = file.read(1)[0]
    file.seek(0)
    file.write(bytes([first ^ 1]))


DATA, INDEX = "data-00000-of-00001", "index"
DAMAGES = [
  (DATA, cut_short),
  (DATA, empty),
  (DATA, flip_a_bit),
  (DATA, os.remove),
  (INDEX, cut_short),
  (INDEX, empty),
]


def test_an_empty_folder_has_no_last_good_checkpoint(tmp_path):
  assert checkpoints.last_good(str(tmp_path)) is None
  assert checkpoints.last_good(str(tmp_path / "missing")) is None


def test_the_last_good_checkpoint_is_the_last_if_it_is_whole(tmp_path):
  for step in (10, 9):
    checkpoints.write(str(tmp_path), step, {"w": W * step, "v": W})
  step, arrays = checkpoints.last_good(str(tmp_path))
  assert step == 10
  assert sorted(arrays) == ["v", "w"]
  np.testing.assert_array_equal(arrays["w"], W * 10)


@pytest.mark.parametrize("ending, damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over_by_name(ending, damage, tmp_path):
  for step in (1, 2):
    checkpoints.write(str(tmp_path), step, {"w": W * step})
  damage(str(tmp_path / f"model.ckpt-2.{ending}"))
  with pytest.warns(UserWarning, match="model.ckpt-2 is damaged"):
    step, arrays = checkpoints.last_good(str(tmp_path))
  assert step == 1
  np.testing.assert_array_equal(arrays["w"], W)


def contents(folder):
  return {
    path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()
  }


def test_where_all_is_damaged_nothing_is_started_anew(tmp_path):
  for step in (1, 2):
    checkpoints.write(str(tmp_path), step, {"w": W})
    flip_a_bit(str(tmp_path / f"model.ckpt-{step}.{DATA}"))
  before = contents(tmp_path)
  with pytest.warns(UserWarning) as warned:
    with pytest.raises(checkpoints.DamagedError) as error:
      checkpoints.last_good(str(tmp_path))
  assert sum("model.ckpt-" in str(one.message) for one in warned) == 2
  for part in ("model.ckpt-1", "model.ckpt-2", "Checksum", "--model_dir"):
    assert part in str(error.value)
  assert contents(tmp_path) == before


# ---- Files that cannot be read -----------------------------------------------


def a_link_to_nowhere(path):
  os.remove(path)
  os.symlink("/nowhere/file", path)


def a_folder(path):
  os.remove(path)
  os.mkdir(path)


@pytest.mark.parametrize("refuse", [a_link_to_nowhere, a_folder])
@pytest.mark.parametrize("ending", [DATA, INDEX])
def test_what_cannot_be_read_is_not_passed_over(ending, refuse, tmp_path):
  for step in (1, 2):
    checkpoints.write(str(tmp_path), step, {"w": W})
  path = str(tmp_path / f"model.ckpt-2.{ending}")
  refuse(path)
  before = files(tmp_path)
  with pytest.raises(OSError, match="cannot be read") as error:
    checkpoints.last_good(str(tmp_path))
  assert not isinstance(error.value, checkpoints.DamagedError)
  assert path in str(error.value) and "--model_dir" in str(error.value)
  assert files(tmp_path) == before


@pytest.mark.parametrize("ending", [DATA, INDEX])
def test_a_file_of_somebody_elses_is_not_damaged(ending, tmp_path):
  prefix = checkpoints.write(str(tmp_path), 1, {"w": W})
  os.chmod(f"{prefix}.{ending}", 0)
  with as_nobody(tmp_path):
    with pytest.raises(PermissionError, match=f"{ending} cannot be read: Perm"):
      checkpoints.last_good(str(tmp_path))


def test_a_folder_of_somebody_elses_is_not_empty(tmp_path):
  (tmp_path / "model").mkdir(mode=0)
  with as_nobody(tmp_path):
    with pytest.raises(PermissionError, match="model cannot be read: Permis"):
      checkpoints.last_good(str(tmp_path / "model"))


def test_a_link_to_a_disk_that_is_gone_is_no_empty_folder(tmp_path):
  (tmp_path / "model").symlink_to("/nowhere/model")
  with pytest.raises(OSError, match="links to /nowhere/model, which does not"):
    checkpoints.last_good(str(tmp_path / "model"))


@pytest.mark.parametrize("failing", ["load_checkpoint", "get_tensor"])
@pytest.mark.parametrize(
  "error",
  [
    tf.errors.UnavailableError(None, None, "x; Input/output error"),
    tf.errors.DataLossError(None, None, "x; Checksum does not match"),
    OSError(5, "Input/output error"),
    IndexError("Read less bytes than requested"),
  ],
  ids=lambda error: type(error).__name__,
)
def test_a_disk_that_fails_once_is_asked_again(
  error, failing, tmp_path, monkeypatch
):
  checkpoints.write(str(tmp_path), 1, {"w": W})
  failed = []

  def call(function, *args, **kwargs):
    if function.__name__ == failing and not failed:
      failed.append(function)
      raise error
    return function(*args, **kwargs)

  monkeypatch.setattr(checkpoints.files, "call", call)
  step, arrays = checkpoints.last_good(str(tmp_path))
  assert failed and step == 1
  np.testing.assert_array_equal(arrays["w"], W)


@pytest.mark.parametrize(
  "error",
  [
    tf.errors.UnavailableError(None, None, "x; Input/output error"),
    tf.errors.ResourceExhaustedError(None, None, "x; Too many open files"),
    OSError(5, "Input/output error"),
  ],
  ids=lambda error: type(error).__name__,
)
def test_a_reader_that_is_refused_finds_no_damage(error, tmp_path, monkeypatch):
  checkpoints.write(str(tmp_path), 1, {"w": W})

  def call(function, *args, **kwargs):
    if function.__name__ == "get_tensor":
      raise error
    return function(*args, **kwargs)

  monkeypatch.setattr(checkpoints.files, "call", call)
  with pytest.raises(OSError, match="ckpt-1: w cannot be read") as caught:
    checkpoints.last_good(str(tmp_path))
  assert not isinstance(caught.value, checkpoints.DamagedError)


# ---- What the system refuses -------------------------------------------------


@contextlib.contextmanager
def largest_file(size):
  """No file may grow beyond `size`: the system then refuses to write."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def as_nobody(folder):
  """Is another user than root, if this is root, who may enter `folder`."""
  user = os.geteuid()
  if user == 0:
    for above in (folder, *folder.parents):
      if above.owner() == "root" and str(above).startswith("/tmp/"):
        above.chmod(0o755)
    os.seteuid(65534)
  try:
    yield
  finally:
    os.seteuid(user)


@contextlib.contextmanager
def folder_that_refuses():
  """A folder that nothing can be made in, not even if this is root."""
  folder = tempfile.mkdtemp()
  os.chmod(folder, 0o555)
  user = os.geteuid()
  if user == 0:
    os.seteuid(65534)
  try:
    yield folder
  finally:
    os.seteuid(user)
    shutil.rmtree(folder)


def test_what_tensorflow_cannot_write_is_an_oserror_with_numbers(tmp_path):
  checkpoints.write(str(tmp_path), 1, {"w": W})
  before = files(tmp_path)
  large = np.zeros([2**18], np.float32)  # 1 MiB
  with largest_file(2**16), pytest.raises(OSError) as error:
    checkpoints.write(str(tmp_path), 2, {"w": large})
  free = r"[1-9][\d,]* are free"
  assert error.match(rf"model.ckpt-2 cannot be .*1,048,576 bytes; {free}")
  assert "--model_dir" in str(error.value)
  assert files(tmp_path) == before
  step, arrays = checkpoints.last_good(str(tmp_path))
  assert step == 1
  np.testing.assert_array_equal(arrays["w"], W)


def test_a_small_file_that_cannot_grow_keeps_its_text(tmp_path):
  path = str(tmp_path / "model.json")
  checkpoints.write_text(path, "old")
  with largest_file(8), pytest.raises(OSError, match="model.json cannot .* 9 "):
    checkpoints.write_text(path, "new " * 2 + ".")
  with open(path) as file:
    assert file.read() == "old"


def test_an_unwritable_folder_is_named():
  with folder_that_refuses() as folder:
    with pytest.raises(OSError, match=f"{folder}.*Permission denied"):
      checkpoints.write(folder, 1, {"w": W})
    with pytest.raises(OSError, match=f"{folder}.*Permission denied"):
      checkpoints.write(os.path.join(folder, "new"), 1, {"w": W})
    with pytest.raises(OSError, match="model.json.*Permission denied"):
      checkpoints.write_text(os.path.join(folder, "model.json"), "")


# ---- What killed processes leave ---------------------------------------------


def _dead_process():
  process = subprocess.Popen(
    [sys.executable, "-c", ""], env=plain_shell.environment()
  )
  process.wait()
  return process.pid


def test_leftovers_of_the_dead_go_and_of_the_living_stay(tmp_path):
  host = socket.gethostname()
  names = {
    "dead": f".writing-{host}-{_dead_process()}-abc",
    "before this one": f".writing-{host}-{os.getpid()}-abc",
    "living": f".writing-{host}-{os.getppid()}-abc",
    "elsewhere": f".writing-another-{_dead_process()}-abc",
  }
  for name in names.values():
    (tmp_path / name).mkdir()
    (tmp_path / name / "model.ckpt-1.index").write_bytes(b"")
  checkpoints.write(str(tmp_path), 1, {"w": W})
  checkpoints.remove_leftovers(str(tmp_path))
  left = [name for name in files(tmp_path) if name.startswith(".")]
  assert left == sorted([names["elsewhere"], names["living"]])
  assert checkpoints.all_steps(str(tmp_path)) == [1]


def test_a_missing_folder_has_no_leftovers(tmp_path):
  checkpoints.remove_leftovers(str(tmp_path / "missing"))


def test_a_checkpoint_is_written_under_host_and_process(tmp_path, monkeypatch):
  seen = []

  def look(folder, model_dir, index):
    seen.extend(files(model_dir))

  monkeypatch.setattr(checkpoints, "_move", look)
  checkpoints.write(str(tmp_path), 1, {"w": W})
  [name] = seen
  assert name.startswith(f".writing-{socket.gethostname()}-{os.getpid()}-")
