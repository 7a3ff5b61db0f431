"""From a model to a row of scores: samples -> features -> metrics.

  evaluate.metrics = [@fid, @kid, @inception_score]
  evaluate.features = @inception

A row is a dict that JSON can hold:

  checkpoint_path, step
  status      "ok", or what is wrong with the row
  scores      {name: mean over the runs}, lists: {name: [one value a run]}
  intervals   {name: [low, high]} with `evaluate.bootstrap`
  without_intervals  {metric: sentence}, why it has none; only if there is one
  errors      {metric: sentence} for metrics that could not be computed
  metrics     {metric: [names of its scores]} of those that could
  better      {name of a score: "lower", "higher", "neither", or None where its
              metric does not say}, see metrics/contract.py
  protocol    the protocol card, see protocol.py and docs/metrics.md;
              protocol_digest: its digest
  config      the gin bindings, {"selector.parameter": text}

Scores that are computed on features of anything but the Inception network carry
the extractor's name: "fid_classifier" is no FID.
"""

import concurrent.futures
import contextlib
import functools
import hashlib
import os
import subprocess
import sys
from typing import Any
from typing import NamedTuple
from typing import Optional

from compare_gan import version
from compare_gan.configuration import gin_roles
from compare_gan.context import draws
from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.features import abstract_extractor
from compare_gan.features import classifier
from compare_gan.features import fingerprint
from compare_gan.features import statistics
from compare_gan.metrics import bootstrap as bootstrap_lib
from compare_gan.metrics import choice
from compare_gan.metrics import contract
from compare_gan.metrics import density_coverage
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
from compare_gan.metrics import parameters as parameters_lib
from compare_gan.metrics import precision_recall
from compare_gan.metrics import rows as rows_lib
from compare_gan.storage import files
import gin
import numpy as np
import tensorflow as tf

_DEFAULT_METRICS = (
  fid.fid,
  kid.kid,
  inception_score.inception_score,
  precision_recall.precision_recall,
  density_coverage.density_coverage,
)


class Settings(NamedTuple):
  """See `settings`."""

  metrics: tuple
  features: Any
  num_fake: Optional[int]
  num_real: Optional[int]
  split: str
  seed: int
  truncation: Optional[float]
  averaged: bool
  moments_examples: int
  bootstrap: bool
  best_by: Optional[str]
  real_statistics: Optional[str]
  sample_grid: int = 64
  microscope: bool = False
  num_train: Optional[int] = None


gin_roles.declare("evaluate", paths=["real_statistics"])


@gin.configurable("evaluate", module="compare_gan.evaluation")
def settings(
  metrics=_DEFAULT_METRICS,
  features=classifier.classifier,
  num_fake=None,
  num_real=None,
  split="eval",
  seed=42,
  truncation=None,
  averaged=True,
  moments_examples=204800,
  bootstrap=False,
  best_by=None,
  real_statistics=None,
  sample_grid=64,
  microscope=False,
  num_train=None,
):
  """Returns the Settings that a gin file makes.

  Args:
    metrics: a list, [@fid, @kid].
    features: the extractor: @inception, @classifier (trained on the dataset
      itself, without a download), @random_filters, @onnx_features (DINOv2,
      CLIP) or @saved_model.
    num_fake, num_real: how many images; `eval_samples` of the dataset.
    split: of the real images, "eval" or "train".
    seed: of z and labels of the first run; the next one has the next seed.
    truncation: z from a normal distribution cut at +- this; None for `eval_z`.
    averaged: with the moving average of G's weights, where there is one.
    moments_examples: that fill accumulated moments of batch norm.
    bootstrap: adds intervals, see metrics/bootstrap.py, and to the row why a
      metric has none.
    best_by: the score by which best/ keeps a checkpoint, by the name that it
      has in the tables; None for the first that a metric declares. Its metric
      declares which way it is better; a "-" before the name says higher.
    real_statistics: npz file of mu and sigma that stand for the real images in
      the FID, such as published ones.
    sample_grid: how many images samples/step-<step>.png shows; 0 for none.
    microscope: looks at D's slopes and singular values, see microscope.py.
    num_train: how many training images metrics that compare with them see, the
      first of the split; None for all. They are held in memory.
  """
  if split not in ("eval", "train"):
    raise ValueError(
      f"evaluate.split = {split!r}. It can be 'eval' or 'train'."
    )
  if num_train is not None and num_train < 1:
    raise ValueError(
      f"evaluate.num_train = {num_train}. It is 1 or more, or None for all "
      "training images."
    )
  names = [getattr(metric, "__name__", "") for metric in metrics]
  twice = sorted({name for name in names if name and names.count(name) > 1})
  if twice:
    raise ValueError(
      f"evaluate.metrics names {', '.join(twice)} more than once. Scores of "
      "one name would be mixed: score them in two evaluations, whose rows have "
      "two protocols."
    )
  for metric in metrics:
    if not callable(metric):
      raise ValueError(
        f"evaluate.metrics holds {metric!r}. Metrics are given by reference, "
        "without brackets: [@fid, @kid]."
      )
    unknown = set(contract.needs(metric)) - {*_SETS, *_CALLABLES}
    if unknown:
      raise ValueError(
        f"evaluate.metrics: {metric.__name__} needs {sorted(unknown)}, which "
        f"nothing gives. There are {', '.join([*_SETS, *_CALLABLES])}."
      )
  return Settings(
    tuple(metrics),
    features,
    num_fake,
    num_real,
    split,
    seed,
    truncation,
    averaged,
    moments_examples,
    bootstrap,
    best_by,
    real_statistics,
    sample_grid,
    microscope,
    num_train,
  )


def check_best_by(chosen: Settings) -> str:
  """Raises ValueError if no metric returns the score that best/ goes by.

  Returns a sentence if the user's direction is not the metric's, else "".
  """
  if not chosen.best_by:
    return ""
  return _choose_best_by(chosen, _extractor_name_before(chosen)).note


def _choose_best_by(chosen, extractor):
  """Returns the Choice that evaluate.best_by makes."""
  is_reversed = chosen.best_by.startswith("-")
  return choice.choose(
    "evaluate.best_by",
    chosen.best_by[1:] if is_reversed else chosen.best_by,
    chosen.metrics,
    extractor,
    contract.HIGHER if is_reversed else None,
  )


def choose_score(
  chosen: Settings, setting: str, name: str, better: Optional[str] = None
) -> choice.Choice:
  """Returns the Choice of a score before anything is trained or loaded.

  Args:
    chosen: what is evaluated.
    setting, name, better: as for `choice.choose`.
  """
  extractor = _extractor_name_before(chosen)
  return choice.choose(setting, name, chosen.metrics, extractor, better)


def _extractor_name_before(chosen):
  """Returns the extractor's name, "*" if only making it would tell."""
  return abstract_extractor.name_before(chosen.features) or "*"


_SETS = (
  "real_features",
  "fake_features",
  "train_features",
  "heldout_features",
  "real_labels",
  "fake_labels",
  "fake_logits",
  "real_images",
  "fake_images",
  "train_images",
  "train_labels",
  "heldout_images",
  "heldout_labels",
  "jacobians",
)
_CALLABLES = ("generate", "discriminate", "encode", "latents")
_COUNTED = ("real", "train", "heldout")  # sets of the dataset's images


class Evaluator:
  """Scores models of one dataset.

  Args:
    dataset: an AbstractDataset.
    chosen: Settings.
    runs: how often each model is sampled and scored anew.
    progress: shows a bar.
  """

  def __init__(self, dataset, chosen, runs=1, progress=True):
    if runs < 1:
      raise ValueError(
        f"{runs} runs were asked for, but 1 is the least: evaluate --runs, or "
        "--num_eval_averaging_runs in training."
      )
    self._dataset = dataset
    self._chosen = chosen
    self._runs = runs
    self._progress = progress
    self._needs = {n for m in chosen.metrics for n in contract.needs(m)}
    self._num_fake = chosen.num_fake or dataset.eval_samples
    self._num_real = chosen.num_real or dataset.eval_samples
    self._extractor = None
    if _asks_features(self._needs):
      self._extractor = chosen.features(dataset)
    self._of_data = {}  # {(word, split): its sets}, the same for all models
    self._gaussian_of_real = None
    self._sampler = None
    self._said = set()  # what was printed once

  @property
  def best_by(self):
    """Returns what `task_manager.keep_best` wants to know.

    Raises ValueError if no metric returns what evaluate.best_by names.
    """
    extractor = self._extractor.name if self._extractor else None
    if not self._chosen.best_by:
      return choice.default(self._chosen.metrics, extractor)
    _choose_best_by(self._chosen, extractor)
    return self._chosen.best_by

  def row_of_model(self, gan, checkpoint_path, step, config):
    """Returns the row of a GAN.

    Args:
      gan: an AbstractGAN.
      checkpoint_path, step: where its weights are from.
      config: {"selector.parameter": text}.
    """
    # One precision for both threads of `_sets`, and for the metrics.
    with abstract_extractor.full_float32():
      return self._row_of_model(gan, checkpoint_path, step, config)

  def _row_of_model(self, gan, checkpoint_path, step, config):
    # Before moments are filled: it says whether a checkpoint brought some.
    card = self.card_of_model(gan)
    _fill_moments(gan, self._chosen)
    if self._sampler is None or self._sampler.gan is not gan:
      self._sampler = sampling.Sampler(gan, self._chosen.averaged)
      self._say_what_z_is()
    if "discriminate" in self._needs or self._chosen.microscope:
      self._fill_discriminator(gan)
    sets = (
      self._sets_of_model(gan, self._chosen.seed + run)
      for run in range(self._runs)
    )
    return self._row(sets, card, checkpoint_path, step, config)

  def row_of_images(self, images, labels=None, source="images"):
    """Returns the row of images that any program made.

    Args:
      images: [N, H, W, C], uint8 or floats in [0, 1].
      labels: ints [N] or None.
      source: where they are from.
    """
    self._check_labels(labels, len(images))
    batches = (
      _as_floats(images[start : start + 64])
      for start in range(0, len(images), 64)
    )
    with abstract_extractor.full_float32():
      card = self._card({"num_fake": len(images), "images": "given"})
      sets = self._sets("fake", batches, len(images), labels)
      sets[contract.NUM_CLASSES] = self._dataset.num_classes
      return self._row([{**sets, **self._sets_of_data()}], card, source, 0, {})

  def _check_labels(self, labels, count):
    """Raises ValueError unless each image has a label of the dataset."""
    if labels is None:
      return
    labels, classes = np.asarray(labels), self._dataset.num_classes
    if len(labels) != count:
      raise ValueError(
        f"There are {len(labels)} labels for {count} images, each of which "
        "needs one."
      )
    if labels.ndim == 1 and (labels.min() < 0 or labels.max() >= classes):
      raise ValueError(
        f"Labels go from {labels.min()} to {labels.max()}, but those of "
        f"{self._dataset.name} are "
        + (f"0 to {classes - 1}." if classes else "none: leave them out.")
      )

  def _say_what_z_is(self):
    """Prints what scores are of where google/compare_gan's were of other z."""
    words = sampling.z_in_words()
    if self._chosen.truncation is not None or words == _ORIGINAL_Z:
      return
    if sampling.follows_training():
      print(
        f"Evaluation draws z as training does, {words}: eval_z is not bound. "
        f"google/compare_gan's default was {_ORIGINAL_Z}.",
        flush=True,
      )

  def _fill_discriminator(self, gan):
    """Fills D's accumulated moments, if it has any."""
    if sampling.accumulators(gan, "accu_counter", of_discriminator=True):
      examples = self._chosen.moments_examples
      sampling.fill_discriminator(gan, self._dataset, examples)

  # ---- Sets ------------------------------------------------------------------

  def _sets_of_model(self, gan, seed):
    n = self._num_fake
    z, labels = latents(gan, n, seed, self._chosen.truncation)
    averaged = self._chosen.averaged
    batches = self._sampler.batches(z, labels)
    sets = self._sets("fake", batches, n, labels)
    sets[contract.NUM_CLASSES] = gan.num_classes
    if "jacobians" in self._needs:
      first = None if labels is None else labels[:64]
      sets["jacobians"] = sampling.jacobians(gan, z[:64], first, averaged)
    if self._needs & {*_CALLABLES}:
      sets["generate"] = lambda z, y=None: gan.generate(z, y, averaged)
      sets["discriminate"] = gan.discriminate
      sets["latents"] = lambda n, seed: _latents_with_density(
        gan, n, seed, self._chosen.truncation
      )
      if gan.has_encoder:
        sets["encode"] = lambda images: gan.encode(images, averaged)
    return {**sets, **self._sets_of_data()}

  def _sets_of_data(self):
    """Returns the sets of real images, of those that are needed."""
    sets = {}
    if self._only_gaussian_is_real() or self._chosen.real_statistics:
      sets[_GAUSSIAN] = self._gaussian()
    if _needs_real_rows(self._chosen.metrics):
      sets.update(self._of_split("real", self._chosen.split))
    if _any_begins("train_", self._needs):
      sets.update(self._of_split("train", "train"))
    if _any_begins("heldout_", self._needs):
      sets.update(self._of_split("heldout", "eval"))
    return sets

  def _only_gaussian_is_real(self):
    """Returns whether a mean and covariance are all that real images give."""
    metrics = self._chosen.metrics
    return any(map(_takes_gaussian, metrics)) and not _needs_real_rows(metrics)

  def _gaussian(self):
    if self._gaussian_of_real is None:
      path = self._chosen.real_statistics
      self._gaussian_of_real = (
        statistics.read(path)
        if path
        else statistics.of_dataset(
          self._dataset, self._extractor, self._chosen.split, self._count_real()
        )
      )
    return self._gaussian_of_real

  def _count_real(self):
    split, size = self._chosen.split, self._dataset.size(self._chosen.split)
    if size < self._num_real:
      raise ValueError(
        f"{self._dataset.name} has {size} images in split {split!r}, but "
        f"{self._num_real} are to be scored. Set evaluate.num_real to {size} "
        "or less."
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

  def _slice_of(self, word):
    """Returns the split, and how many of its first images a set holds."""
    split = {"real": self._chosen.split, "train": "train", "heldout": "eval"}
    count = {
      "real": self._count_real,
      "train": self._count_train,
      "heldout": self._count_heldout,
    }
    return split[word], count[word]()

  def _of_split(self, word, split):
    if (word, split) not in self._of_data:
      _, n = self._slice_of(word)
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
      self._of_data[word, split] = self._sets(word, batches, n, labels)
    return self._of_data[word, split]

  def _same_images(self, word, split, n):
    """Returns the sets of a word if another one has the same images, else {}.

    Held-out images are most often those that "real" ones are, too.
    """
    wanted = {x for x in self._needs if x.startswith(f"{word}_")}
    for (other, of_split), sets in self._of_data.items():
      found = {
        word + name[len(other) :]: rows
        for name, rows in sets.items()
        if of_split == split and len(rows) == n
      }
      if found and wanted <= set(found):
        return found
    return {}

  def _sets(self, word, batches, n, labels):
    """Returns {"<word>_features": ...}, of what the metrics need.

    Images are made in one thread while the features of those before are
    computed in another.
    """
    images, features, logits = (
      rows_lib.Collected(n, f"{word} images") for _ in range(3)
    )
    kept = f"{word}_images" in self._needs
    wanted = {f"{word}_features", f"{word}_logits"} & self._needs
    # Closed on the way out, whatever happens: no thread goes on by itself.
    with self._bar(word, n) as bar, contextlib.closing(_ahead(batches)) as made:
      for batch in made:
        if not np.isfinite(batch).all():
          raise _NotFinite(f"NaN or infinity in {word} images")
        if kept:
          images.add(np.rint(255.0 * np.clip(batch, 0, 1)).astype(np.uint8))
        if wanted:
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

  def _bar(self, word, n):
    import tqdm

    return tqdm.tqdm(
      total=n,
      desc=f"{word} images",
      unit=" images",
      file=sys.stderr,
      leave=False,
      disable=None if self._progress else True,  # None: only on a terminal
    )

  # ---- Scores ----------------------------------------------------------------

  def _row(self, runs, card, checkpoint_path, step, config):
    kept, errors, status = {}, {}, "ok"
    try:
      for sets in runs:
        for metric in self._chosen.metrics:
          if metric.__name__ in errors:
            continue
          try:
            self._score(metric, sets, kept)
          # Whatever a metric stumbles over, the others shall be heard.
          except Exception as error:  # noqa: BLE001
            errors[metric.__name__] = f"{type(error).__name__}: {error}"
            # A mean over the runs before would not be of what the card says.
            kept.pop(metric.__name__, None)
        del sets  # The next run's would stand beside them.
    except _NotFinite as error:
      kept, errors, status = {}, {}, str(error)
    if errors:
      status = f"no {', '.join(sorted(errors))}"
    without = {k: x.without for k, x in kept.items() if x.without}
    self._say_what_has_no_intervals(without)
    lists = _merged(x.lists for x in kept.values())
    return {
      "checkpoint_path": checkpoint_path,
      "step": step,
      "status": status,
      "scores": {name: float(np.mean(x)) for name, x in lists.items()},
      "lists": lists,
      "intervals": _merged(x.intervals for x in kept.values()),
      **({"without_intervals": without} if without else {}),
      "errors": errors,
      "metrics": {name: list(x.lists) for name, x in kept.items()},
      "better": _merged(x.better for x in kept.values()),
      "protocol": card,
      "protocol_digest": protocol.digest(card),
      "config": config,
    }

  def _score(self, metric, sets, kept):
    """Adds the scores of one run to {metric: _Kept}."""
    scores = _call(metric, sets)
    named = {self._name(x, metric): value for x, value in scores.items()}
    own = kept.get(metric.__name__)
    if own is None:
      _check_unique(named, kept)
      better = {self._name(x, metric): _better(metric, x) for x in scores}
      found, reason = {}, ""
      if self._chosen.bootstrap:
        found, reason = self._intervals(metric, sets, scores)
      lists = {name: [] for name in named}
      own = kept[metric.__name__] = _Kept(lists, better, found, reason)
    run = 1 + len(next(iter(own.lists.values()), ()))
    _check_same(list(named), list(own.lists), run)
    for name, value in named.items():
      own.lists[name].append(value)

  def _intervals(self, metric, sets, scores):
    """Returns the intervals of a metric's scores, and why there are none."""
    reason = self._why_not_resampled(metric, sets)
    if reason:
      return {}, reason
    try:
      needed = {name: sets[name] for name in contract.needs(metric)}
      found = bootstrap_lib.intervals(metric, needed, scores=scores)
    # The score itself is there; halves may be too few rows for it.
    except Exception as error:  # noqa: BLE001
      reason = f"a resample cannot be scored: {type(error).__name__}: {error}"
      return {}, reason.splitlines()[0]  # gin adds where it was called.
    without = ", ".join(name for name in scores if name not in found)
    reason = f"{without} is not finite in all resamples" if without else ""
    return {
      self._name(name, metric): list(x) for name, x in found.items()
    }, reason

  def _why_not_resampled(self, metric, sets):
    """Returns a sentence if a metric's sets have no resamples, else ""."""
    if _takes_gaussian(metric) and _GAUSSIAN in sets:
      if self._chosen.real_statistics:
        return "evaluate.real_statistics has no rows to draw resamples from"
      return (
        "the mean and covariance of the real images, which are all that is "
        "computed here, have no rows to draw resamples from; beside a metric "
        "that needs rows, as in evaluate.metrics = [@fid, @kid], it has "
        "intervals"
      )
    asked = [name for name in contract.needs(metric) if name in _CALLABLES]
    if asked:
      return f"it asks the model ({', '.join(asked)}), which has no resamples"
    return ""

  def _say_what_has_no_intervals(self, without):
    """Prints each reason once."""
    for metric, reason in without.items():
      line = f"evaluate.bootstrap gives {metric} no intervals: {reason}."
      if line not in self._said:
        print(line, flush=True)
        self._said.add(line)

  def _name(self, score, metric):
    extractor = self._extractor.name if self._extractor else None
    return choice.name_in_tables(score, metric, extractor)

  # ---- Cards -----------------------------------------------------------------

  def card_of_model(self, gan) -> dict[str, Any]:
    """Returns the protocol card that `row_of_model` gives now; scores nothing.

    Args:
      gan: an AbstractGAN, with the values that are to be scored.
    """
    chosen = self._chosen
    of_model = {
      "num_fake": self._num_fake,
      "z": sampling.z_in_words(chosen.truncation),
      "labels": "uniform" if gan.num_classes else "none",
      "ema": bool(chosen.averaged and gan.averaged_generator),
      "batch_norm": sampling.moments_in_words(
        gan, chosen.moments_examples, chosen.truncation
      ),
      "seed": chosen.seed,
      "runs": self._runs,
    }
    with abstract_extractor.full_float32():
      return self._card(of_model, gan)

  def _card(self, more, gan=None):
    """Returns a card: what all metrics depend on, and what some of them do."""
    dataset = self._dataset
    card = {
      "form": protocol.FORM,
      "dataset": dataset.name,
      "preparation": dataset.preparation,
      "resolution": list(dataset.image_shape),
      "pixels": "float32 in [0, 1]",
      "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
      "scores": "float64",
      "code": code_version(),
      "tensorflow": tf.__version__,
      **more,
    }
    metrics = {}
    for metric in self._chosen.metrics:
      facts = self._facts(metric, gan)
      card.update(facts)
      metrics[metric.__name__] = {
        "parameters": parameters_lib.parameters(metric),
        "uses": sorted(facts),
      }
    return protocol.as_json({**card, "metrics": metrics})

  def _facts(self, metric, gan):
    """Returns {key: value} of what other metrics may not depend on."""
    facts = {}
    needed = set(contract.needs(metric))
    if _asks_features(needed):
      facts.update(self._facts_of_features)
    if self._chosen.real_statistics and _takes_gaussian(metric):
      facts["real_statistics"] = _hash_of_file(self._chosen.real_statistics)
      needed.remove("real_features")
    for word in _COUNTED:
      if _any_begins(word, needed):
        facts.update(self._facts_of_data(word, f"{word}_labels" in needed))
    if "discriminate" in needed and gan is not None:
      facts.update(self._facts_of_discriminator(gan))
    return facts

  @functools.cached_property
  def _facts_of_features(self):
    # Once: an identity may be the hash of a hundred megabytes.
    return {
      "features": self._extractor.name,
      "features_digest": self._extractor.identity(),
      "features_settings": parameters_lib.plain(self._extractor.settings),
      "features_parameters": parameters_lib.parameters(self._chosen.features),
    }

  def _facts_of_data(self, word, with_labels):
    """Returns what real images a set holds: how many, and which."""
    split, count = self._slice_of(word)
    content = fingerprint.content(self._dataset, split, count)
    facts = {f"num_{word}": count, f"{word}_images": content.images}
    if word == "real":
      facts["split"] = split
    if with_labels:
      facts[f"{word}_labels"] = content.labels
    return facts

  def _facts_of_discriminator(self, gan):
    words = sampling.discriminator_moments_in_words(
      gan, self._chosen.moments_examples
    )
    if words is None:
      return {}
    dataset = self._dataset
    content = fingerprint.content(dataset, "train", dataset.size("train"))
    return {
      "batch_norm_of_d": words,
      "batch_norm_of_d_images": content.images,
      "batch_norm_of_d_flip": dataset.flip,
    }


class _NotFinite(Exception):
  """Images have pixels that are no numbers."""


def _labels_only(batch):
  return batch["labels"]


def _as_floats(images):
  images = np.asarray(images)
  if images.dtype == np.uint8:
    return images.astype(np.float32) / np.float32(255.0)
  return images.astype(np.float32)


def _ahead(iterable):
  """Yields the items; the next one is made in a thread meanwhile."""
  iterator = iter(iterable)
  end = object()
  with concurrent.futures.ThreadPoolExecutor(1) as thread:
    coming = thread.submit(next, iterator, end)
    while (item := coming.result()) is not end:
      coming = thread.submit(next, iterator, end)
      yield item


_GAUSSIAN = "gaussian of real features"
_ORIGINAL_Z = "uniform from -1 to 1"  # in words, as `sampling.z_in_words`


def _better(metric, name):
  """Returns which way a score is better, None if its metric does not say."""
  score = contract.find(metric, name)
  return score.better if score else None


class _Kept(NamedTuple):
  """What a row has of one metric, unless it fails in a later run."""

  lists: dict  # {name: [one value a run]}
  better: dict
  intervals: dict
  without: str  # why it has none


def _merged(dicts):
  return {name: value for one in dicts for name, value in one.items()}


def _check_unique(names, kept):
  """Raises ValueError if another metric has a score of the same name."""
  for metric, other in kept.items():
    both = sorted(set(names) & set(other.lists))
    if both:
      raise ValueError(
        f"{metric} returns {', '.join(both)} as well, and a mean would be over "
        "the values of both. Leave one of them out of evaluate.metrics."
      )


def _check_same(names, first, run):
  """Raises ValueError if a run has other scores than the first one."""
  if sorted(names) != sorted(first):
    raise ValueError(
      f"run {run} has the scores {', '.join(names)}, but the first run has "
      f"{', '.join(first)}. Only means over all runs are recorded."
    )


def _takes_gaussian(metric):
  return "real_features" in contract.gaussians_of(metric)


def _asks_features(names):
  return any(name.endswith(("_features", "_logits")) for name in names)


def _hash_of_file(path):
  return hashlib.sha256(files.read_bytes(path)).hexdigest()[:12]


def _any_begins(word, names):
  return any(name.startswith(word) for name in names)


def _needs_real_rows(metrics):
  """Returns whether a metric needs more than a mean and a covariance."""
  return any(
    _any_begins(
      "real_", set(contract.needs(metric)) - set(contract.gaussians_of(metric))
    )
    for metric in metrics
  )


def _call(metric, sets):
  if _takes_gaussian(metric) and _GAUSSIAN in sets:
    sets = {**sets, "real_features": sets[_GAUSSIAN]}
  missing = [name for name in contract.needs(metric) if name not in sets]
  if missing == ["encode"]:
    raise ValueError(
      "this model has no encoder; options.gan_class = @BigBiGAN has one"
    )
  if missing:
    raise ValueError(f"there are no {', '.join(missing)} here")
  names = contract.needs(metric)
  if contract.NUM_CLASSES in sets and contract.is_told_num_classes(metric):
    names = [*names, contract.NUM_CLASSES]
  return metric(**{name: sets[name] for name in names})


def latents(gan, n, seed, truncation=None):
  """Returns z [n, z_dim] and uniform labels [n], None if not conditional."""
  z, _ = sampling.draw(gan, n, seed, truncation=truncation)
  if not gan.num_classes:
    return z, None
  with draws.seeded([seed, 1]):
    labels = draws.uniform([n], 0, gan.num_classes, dtype=tf.int32)
  return z, labels.numpy()


def _latents_with_density(gan, n, seed, truncation):
  """Returns z, the logarithms of the densities of its numbers, and labels."""
  z, labels = latents(gan, n, seed, truncation)
  return z, sampling.log_density(z, truncation), labels


def _fill_moments(gan, chosen):
  """Fills accumulated moments if there are any."""

  def batches():
    batch = gan.options.batch_size
    n = -(-chosen.moments_examples // batch) * batch
    z, labels = latents(gan, n, 7, chosen.truncation)
    parts = [slice(i, i + batch) for i in range(0, n, batch)]
    return [(z[p], None if labels is None else labels[p]) for p in parts]

  sampling.fill_moments(
    gan, batches, chosen.moments_examples, chosen.truncation, chosen.averaged
  )


def code_version():
  """Returns the version, with the commit where this is a checkout."""
  folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  if not os.path.isdir(os.path.join(folder, "..", ".git")):
    return version.__version__
  try:
    commit = subprocess.run(
      ["git", "-C", folder, "rev-parse", "--short", "HEAD"],
      capture_output=True,
      text=True,
      check=True,
    ).stdout.strip()
  except (OSError, subprocess.CalledProcessError):
    return version.__version__
  return f"{version.__version__}+{commit}"


def compare_sets(metrics, sets):
  """Returns ({name: score}, {metric: error}) of sets that are given.

  Args:
    metrics: functions as metrics/contract.py describes.
    sets: {"real_features": rows, "fake_features": rows, ...}. A metric that
      needs others is left out.
  """
  scores, errors = {}, {}
  for metric in metrics:
    if set(contract.needs(metric)) - set(sets):
      continue
    try:
      scores.update(_call(metric, sets))
    except Exception as error:  # noqa: BLE001
      errors[metric.__name__] = f"{type(error).__name__}: {error}"
  return scores, errors


def card_of_sets(metrics, sets) -> dict[str, Any]:
  """Returns the protocol card of what `compare_sets` returns.

  Args:
    metrics, sets: as for `compare_sets`. Sets of real rows are known by their
      content, those of fakes by their sizes: they are what is scored.
  """
  card = {
    "form": protocol.FORM,
    "features": "given",
    "scores": "float64",
    "code": code_version(),
  }
  entries = {}
  for metric in metrics:
    needed = contract.needs(metric)
    if set(needed) - set(sets):
      continue
    facts = {name: list(np.shape(sets[name])) for name in needed}
    facts.update(
      {
        f"{name}_digest": abstract_extractor.digest(np.asarray(sets[name]))
        for name in needed
        if not name.startswith("fake_")
      }
    )
    card.update(facts)
    entries[metric.__name__] = {
      "parameters": parameters_lib.parameters(metric),
      "uses": sorted(facts),
    }
  return protocol.as_json({**card, "metrics": entries})


def directions(metrics, scores):
  """Returns {name: which way it is better} of what `compare_sets` returns."""
  return {
    name: next(
      filter(None, (_better(metric, name) for metric in metrics)), None
    )
    for name in scores
  }
