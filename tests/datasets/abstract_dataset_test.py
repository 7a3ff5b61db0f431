"""Streams of batches: what comes when, whoever asks."""

import numpy as np
import pytest
import tensorflow as tf

from tests.datasets import tiny

pytestmark = pytest.mark.versions("tf.data or an older tfds reads it")


def _take(batches, n):
  """Returns images [n, batch, 1, 2, 1] and labels [n, batch]."""
  taken = list(batches.take(n).as_numpy_iterator())
  return [np.stack([b[key] for b in taken]) for key in ("images", "labels")]


def _ids(batches, n):
  """Returns which of Tiny's images come, [n, batch]."""
  images, _ = _take(batches, n)
  return np.round(images.min(axis=(2, 3, 4)) * 255).astype(int) // 20


def test_batches_hold_images_of_0_to_1_and_labels():
  batch = next(iter(tiny.Tiny().batches("train", 2)))
  assert batch["images"].dtype == tf.float32
  assert batch["images"].shape == (2, 1, 2, 1)
  assert batch["labels"].dtype == tf.int32
  images, labels = _take(tiny.Tiny().batches("train", 2), 3)
  i = _ids(tiny.Tiny().batches("train", 2), 3)
  expected = np.float32(20 * i) * np.float32(1 / 255)
  np.testing.assert_array_equal(images[:, :, 0, 0, 0], expected)
  np.testing.assert_array_equal(labels, i % 3)


def test_shapes_of_batches_are_known_before_they_come():
  spec = tiny.Tiny().batches("train", 4, num_shards=2).element_spec
  assert spec["images"].shape.as_list() == [2, 1, 2, 1]
  assert spec["labels"].shape.as_list() == [2]


def test_labels_are_0_where_there_are_none():
  _, labels = _take(tiny.Tiny(num_classes=0).batches("train", 6), 1)
  assert not labels.any()


def test_an_epoch_is_a_permutation_wherever_batches_end():
  ids = _ids(tiny.Tiny().batches("train", 4), 6).reshape(4, 6)
  np.testing.assert_array_equal(np.sort(ids, axis=1), [range(6)] * 4)
  assert len({tuple(epoch) for epoch in ids}) > 1


def test_order_is_that_of_random_state():
  """So that it is the same in all versions of everything."""
  ids = _ids(tiny.Tiny().batches("train", 6, seed=547), 2)
  for epoch in (0, 1):
    expected = np.random.RandomState([547, epoch]).permutation(6)
    np.testing.assert_array_equal(ids[epoch], expected)
  np.testing.assert_array_equal(ids, [[2, 5, 1, 0, 3, 4], [1, 5, 3, 2, 4, 0]])


def test_a_batch_may_hold_several_epochs():
  ids = _ids(tiny.Tiny().batches("train", 15), 1)[0]
  np.testing.assert_array_equal(np.bincount(ids[:12]), [2] * 6)


def test_seeds_decide():
  dataset = tiny.Tiny()
  first = _ids(dataset.batches("train", 6, seed=1), 3)
  np.testing.assert_array_equal(
    first, _ids(tiny.Tiny().batches("train", 6, seed=1), 3)
  )
  assert (first != _ids(dataset.batches("train", 6, seed=2), 3)).any()
  dataset.seed = 1
  np.testing.assert_array_equal(first, _ids(dataset.batches("train", 6), 3))


@pytest.mark.parametrize("seed", [-1, 2**40])
def test_any_integer_is_a_seed(seed):
  assert _ids(tiny.Tiny().batches("train", 6, seed=seed), 1).shape == (1, 6)


def test_resumed_at_any_batch_the_stream_is_the_unbroken_one():
  dataset = tiny.Tiny()
  dataset.flip = True
  unbroken, _ = _take(dataset.batches("train", 2), 12)
  for start in (1, 2, 3, 7):  # within an epoch, and at its end
    resumed, _ = _take(dataset.batches("train", 2, start=start), 5)
    np.testing.assert_array_equal(resumed, unbroken[start : start + 5])


def test_resuming_far_away_takes_no_longer():
  far = 10**12
  assert _ids(tiny.Tiny().batches("train", 6, start=far), 1).shape == (1, 6)


@pytest.mark.parametrize("bytes_per_read", [0, 2, 4, 2**21])
def test_how_many_batches_are_read_at_once_changes_nothing(bytes_per_read):
  def rows(bytes_per_read, **shard):
    dataset = tiny.Tiny()
    dataset.flip = True
    dataset.bytes_per_read = bytes_per_read
    return dataset.batches("train", 2, seed=3, **shard).take(9)

  # Of one image of 2 bytes, once, once, twice, and as often as it is looked up.
  parts = rows(bytes_per_read, num_shards=2, shard=1)
  for part, whole in zip(parts, rows(0)):
    np.testing.assert_array_equal(part["images"], whole["images"][1:])
    np.testing.assert_array_equal(part["labels"], whole["labels"][1:])


def test_images_come_as_they_are_stored_on_request():
  stored, floats = [
    next(iter(tiny.Tiny().batches("train", 6, as_stored=as_stored)))["images"]
    for as_stored in (True, False)
  ]
  assert stored.dtype == tf.uint8
  np.testing.assert_array_equal(
    floats, stored.numpy().astype(np.float32) * np.float32(1 / 255)
  )


@pytest.mark.parametrize("num_shards", [1, 2, 4])
def test_any_number_of_replicas_sees_the_same_global_batch(num_shards):
  dataset = tiny.Tiny()
  dataset.flip = True
  shards = [
    _take(dataset.batches("train", 8, num_shards=num_shards, shard=i), 5)
    for i in range(num_shards)
  ]
  images, labels = (np.concatenate(parts, axis=1) for parts in zip(*shards))
  all_images, all_labels = _take(dataset.batches("train", 8), 5)
  np.testing.assert_array_equal(images, all_images)
  np.testing.assert_array_equal(labels, all_labels)


def test_batch_must_have_equal_parts():
  with pytest.raises(
    ValueError, match="6 cannot be split into 4 equal parts.*batch_size"
  ):
    tiny.Tiny().batches("train", 6, num_shards=4)


def test_flips_mirror_half_of_the_images():
  dataset = tiny.Tiny()
  plain, _ = _take(dataset.batches("train", 300), 1)
  dataset.flip = True
  flipped, _ = _take(dataset.batches("train", 300), 1)
  same = (flipped == plain).all(axis=(2, 3, 4))
  mirrored = (flipped == plain[:, :, :, ::-1]).all(axis=(2, 3, 4))
  np.testing.assert_array_equal(same, ~mirrored)
  assert 0.4 < mirrored.mean() < 0.6


def test_in_order_yields_every_example_once():
  dataset = tiny.Tiny()
  dataset.flip = True  # is for training
  batches = list(dataset.in_order("eval", 3).as_numpy_iterator())
  assert [len(batch["labels"]) for batch in batches] == [3, 1]
  images = np.concatenate([batch["images"] for batch in batches])
  expected = np.float32([0, 20, 40, 60]) * np.float32(1 / 255)
  np.testing.assert_array_equal(images[:, 0, 0, 0], expected)


def test_in_order_stops_at_the_limit():
  batches = tiny.Tiny().in_order("train", 2, limit=3).as_numpy_iterator()
  assert [len(batch["labels"]) for batch in batches] == [2, 1]
  with pytest.raises(ValueError, match="tiny has 4 examples.*'eval', not 5"):
    tiny.Tiny().in_order("eval", 2, limit=5)


def test_splits_are_two():
  with pytest.raises(ValueError, match="no split 'test'.*'train' or 'eval'"):
    tiny.Tiny().batches("test", 2)


def _is_tuned(batches):
  options = batches.prefetch(2).options()  # as a trainer's feed has them
  if hasattr(options, "autotune"):
    return options.autotune.enabled
  return options.experimental_optimization.autotune


@pytest.mark.parametrize("parallel_reads", [None, tf.data.AUTOTUNE])
def test_nothing_tunes_whoever_reads(parallel_reads):
  dataset = tiny.Tiny()
  dataset.parallel_reads = parallel_reads
  assert _is_tuned(dataset.batches("train", 2)) is False
  assert _is_tuned(dataset.in_order("eval", 2)) is False


def test_in_order_may_leave_bytes():
  [batch] = tiny.Tiny().in_order("eval", 4, as_stored=True)
  assert batch["images"].dtype == tf.uint8
  np.testing.assert_array_equal(batch["images"][:, 0, 0, 0], [0, 20, 40, 60])


def test_classes_have_names_or_numbers():
  data = tiny.Tiny()
  count = data.num_classes
  assert data.class_names() == tuple(map(str, range(count)))
  data.classes = [f"class {k}" for k in range(count)]
  assert data.class_names()[-1] == f"class {count - 1}"
  data.classes = ("one",)
  with pytest.raises(ValueError, match=f"has {count} classes, but 1 names"):
    data.class_names()
