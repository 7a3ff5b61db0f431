"""Which checkpoint is marked as healthy, and that it stays."""

from compare_gan.storage import checkpoints
from compare_gan.storage import healthy_checkpoint
import tensorflow as tf


def _write(folder, *steps):
  for step in steps:
    checkpoints.write(folder, step, {"x": tf.constant(1.0)})


def test_a_mark_is_moved(tmp_path):
  assert healthy_checkpoint.read(str(tmp_path)) is None
  healthy_checkpoint.mark(str(tmp_path), 10)
  healthy_checkpoint.mark(str(tmp_path), 20)
  assert healthy_checkpoint.read(str(tmp_path)) == 20


def test_a_marked_checkpoint_is_kept(tmp_path):
  folder = str(tmp_path)
  _write(folder, 0, 10, 20, 30)
  healthy_checkpoint.mark(folder, 10)
  checkpoints.remove_old(folder, 1, 30)
  assert sorted(checkpoints.all_steps(folder)) == [10, 30]
  assert tf.train.latest_checkpoint(folder).endswith("ckpt-30")


def test_later_checkpoints_can_be_removed(tmp_path):
  folder = str(tmp_path)
  _write(folder, 0, 10, 20)
  checkpoints.remove_after(folder, 10)
  assert sorted(checkpoints.all_steps(folder)) == [0, 10]
  assert tf.train.latest_checkpoint(folder).endswith("ckpt-10")
