"""Sets of rows that metrics compare, under the names of metrics' parameters.

These are "fake_features", "real_labels" and so on. Images go through the
extractor in batches, and only what a metric needs is kept. Sets of the
dataset's images are made once, sets of a model's images in every run.
"""

from collections.abc import Iterable
import concurrent.futures
import contextlib
import sys
from typing import Any
from typing import Optional

from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import needs
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.features import statistics
from compare_gan.metrics import rows as rows_lib
import numpy as np

Sets = dict[str, Any]


class NotFinite(Exception):
  """Images have pixels that are NaN or infinite."""


class Collector:
  """Makes sets of images: their pixels, features, logits and labels.

  Args:
    needed: names of all sets that metrics need.
    extractor: None if they need no features.
    progress: shows a progress bar.
  """

  def __init__(
    self,
    needed: set[str],
    extractor: Optional[abstract_extractor.AbstractExtractor],
    progress: bool = True,
  ):
    self.needed = needed
    self._extractor = extractor
    self._progress = progress

  def collect(
    self,
    word: str,
    batches: Iterable[np.ndarray],
    n: int,
    labels: Optional[np.ndarray],
  ) -> Sets:
    """Returns {"<word>_features": ...}, the sets that the metrics need.

    One thread makes images while another computes the features of the previous
    ones.

    Args:
      word: "real", "fake", "train" or "heldout".
      batches: of images, floats [batch, H, W, C] in [0, 1].
      n: number of images.
      labels: ints [n] or None.
    """
    images, features, logits = (
      rows_lib.Collected(n, f"{word} images") for _ in range(3)
    )
    kept = f"{word}_images" in self.needed
    wanted = {f"{word}_features", f"{word}_logits"} & self.needed
    # Closed in any case, so that no thread keeps running.
    with (
      self._progress_bar(word, n) as bar,
      contextlib.closing(_prefetched(batches)) as made,
    ):
      for batch in made:
        if not np.isfinite(batch).all():
          raise NotFinite(f"NaN or infinity in {word} images")
        if kept:
          images.add(np.rint(255.0 * np.clip(batch, 0, 1)).astype(np.uint8))
        if wanted and self._extractor is not None:
          extracted = self._extractor(batch)
          features.add(extracted.features)
          if extracted.logits is not None:
            logits.add(extracted.logits)
        bar.update(len(batch))
    collected = {
      f"{word}_images": images.all(),
      f"{word}_features": features.all(),
      f"{word}_logits": logits.all(),
    }
    sets = {k: rows for k, rows in collected.items() if rows is not None}
    if labels is not None:
      sets[f"{word}_labels"] = np.asarray(labels)
    return sets

  def _progress_bar(self, word, n):
    import tqdm

    return tqdm.tqdm(
      total=n,
      desc=f"{word} images",
      unit=" images",
      file=sys.stderr,
      leave=False,
      disable=None if self._progress else True,  # None: only on a terminal
    )


class SetsOfData:
  """The sets of the dataset's images, which are the same for all models.

  Args:
    dataset: the source of the images.
    chosen: which images, and for which metrics.
    extractor: None if the metrics need no features.
    collector: makes the sets.
  """

  def __init__(
    self,
    dataset: abstract_dataset.AbstractDataset,
    chosen: settings_lib.Settings,
    extractor: Optional[abstract_extractor.AbstractExtractor],
    collector: Collector,
  ):
    self._dataset = dataset
    self._chosen = chosen
    self._extractor = extractor
    self._collector = collector
    self._num_real = chosen.num_real or dataset.eval_samples
    self._of_data: dict[tuple[str, str], Sets] = {}  # {(word, split): its sets}
    self._gaussian_of_real = None

  def collect(self) -> Sets:
    """Returns the sets of the dataset's images that are needed."""
    needed = self._collector.needed
    sets = {}
    if (
      needs.only_gaussian_is_real(self._chosen.metrics)
      or self._chosen.real_statistics
    ):
      sets[needs.GAUSSIAN] = self._gaussian()
    if needs.needs_real_rows(self._chosen.metrics):
      sets.update(self._labels_of_split("real", self._chosen.split))
    if needs.any_begins("train_", needed):
      sets.update(self._labels_of_split("train", "train"))
    if needs.any_begins("heldout_", needed):
      sets.update(self._labels_of_split("heldout", "eval"))
    return sets

  def slice_of(self, word: str) -> tuple[str, int]:
    """Returns the split of a set, and how many of its first images it holds."""
    split = {"real": self._chosen.split, "train": "train", "heldout": "eval"}
    count = {
      "real": self._count_real,
      "train": self._count_train,
      "heldout": self._count_heldout,
    }
    return split[word], count[word]()

  def _count_real(self):
    split, size = self._chosen.split, self._dataset.size(self._chosen.split)
    if size < self._num_real:
      raise ValueError(
        f"{self._dataset.name} has {size} images in split {split!r}, but "
        f"{self._num_real} are needed. Set evaluate.num_real to {size} or "
        "less."
      )
    return self._num_real

  def _count_train(self):
    size, wanted = self._dataset.size("train"), self._chosen.num_train
    if wanted is None:
      return size
    if size < wanted:
      raise ValueError(
        f"{self._dataset.name} has {size} training images, but "
        f"evaluate.num_train = {wanted}. Set it to {size} or less, or to None "
        "for all."
      )
    return wanted

  def _count_heldout(self):
    return min(self._num_real, self._dataset.size("eval"))

  def _gaussian(self):
    if self._gaussian_of_real is None:
      path = self._chosen.real_statistics
      self._gaussian_of_real = (
        statistics.read(path)
        if path
        else statistics.gaussian_of_dataset(
          self._dataset, self._extractor, self._chosen.split, self._count_real()
        )
      )
    return self._gaussian_of_real

  def _labels_of_split(self, word, split):
    if (word, split) not in self._of_data:
      _, n = self.slice_of(word)
      known = self._same_images(word, split, n)
      if known:
        self._of_data[word, split] = known
        return known
      stream = list(self._dataset.in_order(split, 64, n).map(_labels_only))
      labels = np.concatenate([x.numpy() for x in stream])
      batches = (
        batch["images"].numpy()
        for batch in self._dataset.in_order(split, 64, n)
      )
      self._of_data[word, split] = self._collector.collect(
        word, batches, n, labels
      )
    return self._of_data[word, split]

  def _same_images(self, word, split, n):
    """Returns the sets of a word if another word has the same images, else {}.

    Held-out images are usually the same as "real" ones.
    """
    wanted = {x for x in self._collector.needed if x.startswith(f"{word}_")}
    for (other, other_split), sets in self._of_data.items():
      found = {
        word + name[len(other) :]: rows
        for name, rows in sets.items()
        if other_split == split and len(rows) == n
      }
      if found and wanted <= set(found):
        return found
    return {}


def _labels_only(batch):
  return batch["labels"]


def _prefetched(iterable):
  """Yields the items while a thread makes the next one."""
  iterator = iter(iterable)
  end = object()
  with concurrent.futures.ThreadPoolExecutor(1) as thread:
    coming = thread.submit(next, iterator, end)
    while (item := coming.result()) is not end:
      coming = thread.submit(next, iterator, end)
      yield item
