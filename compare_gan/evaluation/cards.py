"""The contents of the protocol card of a model or of given images.

Some facts matter to all scores. Others, such as which real images or features
are used, are on a card only if a metric uses them, see protocol.py.
"""

import functools
import hashlib
import os
import subprocess
from typing import Optional

from compare_gan import version
from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import moments
from compare_gan.evaluation import needs
from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.evaluation import sets as sets_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.features import fingerprint
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.metrics import contract
from compare_gan.metrics import parameters as parameters_lib
from compare_gan.storage import files
import tensorflow as tf


class CardWriter:
  """Writes the cards of everything that is scored with the same settings.

  Args:
    dataset: the source of the real images.
    chosen: the settings.
    extractor: None if the metrics need no features.
    data: says which images of the dataset are used.
  """

  def __init__(
    self,
    dataset: abstract_dataset.AbstractDataset,
    chosen: settings_lib.Settings,
    extractor: Optional[abstract_extractor.AbstractExtractor],
    data: sets_lib.SetsOfData,
  ):
    self._dataset = dataset
    self._chosen = chosen
    self._extractor = extractor
    self._data = data

  def card_of_model(
    self, gan: AbstractGAN, num_fake: int, runs: int
  ) -> protocol.Card:
    """Returns the card of a model in its current state.

    Args:
      gan: holds the values to score.
      num_fake: number of its images.
      runs: how often new images are made.
    """
    chosen = self._chosen
    entries = {
      "num_fake": num_fake,
      "z": sampling.z_in_words(chosen.truncation, gan),
      "labels": "uniform" if gan.num_classes else "none",
      "ema": _average(chosen, gan),
      "batch_norm": moments.moments_in_words(
        gan, chosen.moments_examples, chosen.truncation
      ),
      "seed": chosen.seed,
      "runs": runs,
    }
    with abstract_extractor.full_float32():
      return self._card(entries, gan)

  def card_of_images(self, count: int) -> protocol.Card:
    """Returns the card of `count` given images."""
    return self._card({"num_fake": count, "images": "given"})

  def _card(self, more, gan=None):
    """Returns a card of the facts that all or some metrics depend on."""
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
    """Returns {key: value} of facts that other metrics may not depend on."""
    facts = {}
    needed = set(contract.needs(metric))
    if needs.asks_features(needed):
      facts.update(self._facts_of_features)
    if self._chosen.real_statistics and needs.takes_gaussian(metric):
      facts["real_statistics"] = _hash_of_file(self._chosen.real_statistics)
      needed.remove("real_features")
    for word in needs.COUNTED:
      if needs.any_begins(word, needed):
        facts.update(self._facts_of_data(word, f"{word}_labels" in needed))
    if "discriminate" in needed and gan is not None:
      facts.update(self._facts_of_discriminator(gan))
    return facts

  @functools.cached_property
  def _facts_of_features(self):
    # Cached: an identity may be the hash of a hundred megabytes.
    return {
      "features": self._extractor.name,
      "features_digest": self._extractor.identity(),
      "features_settings": parameters_lib.plain(self._extractor.settings),
      "features_parameters": parameters_lib.parameters(self._chosen.features),
    }

  def _facts_of_data(self, word, with_labels):
    """Returns how many real images a set has, and which ones."""
    split, count = self._data.slice_of(word)
    content = fingerprint.content(self._dataset, split, count)
    facts = {f"num_{word}": count, f"{word}_images": content.images}
    if word == "real":
      facts["split"] = split
    if with_labels:
      facts[f"{word}_labels"] = content.labels
    return facts

  def _facts_of_discriminator(self, gan):
    words = moments.discriminator_moments_in_words(
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


def _average(chosen, gan):
  """Returns which average of G's weights is scored, False for none."""
  if chosen.ema is not None:
    return f"power function, sigma_rel {chosen.ema:g}"
  return bool(chosen.averaged and gan.averaged_generator)


def _hash_of_file(path):
  return hashlib.sha256(files.read_bytes(path)).hexdigest()[:12]


def code_version() -> str:
  """Returns the version, with the commit if this is a git checkout."""
  folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  # A file in the working trees that `git worktree` makes.
  if not os.path.exists(os.path.join(folder, "..", ".git")):
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
