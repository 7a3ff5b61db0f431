"""From a model to a row of scores: samples -> features -> metrics.

settings.py says what is scored and how. sets.py and model_sets.py make what the
metrics compare, scores.py computes the metrics, and cards.py records the
protocol.

The names of scores on features of other networks than Inception include the
extractor's name: "fid_classifier" is not an FID.
"""

from typing import Optional

from compare_gan.datasets import abstract_dataset
from compare_gan.evaluation import cards
from compare_gan.evaluation import model_sets
from compare_gan.evaluation import needs
from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scores as scores_lib
from compare_gan.evaluation import sets as sets_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.features import abstract_extractor
from compare_gan.gans.abstract_gan import AbstractGAN
from compare_gan.metrics import choice
from compare_gan.metrics import contract
from compare_gan.storage.score_row import ScoreRow
import numpy as np


class Evaluator:
  """Scores models of one dataset.

  Args:
    dataset: an AbstractDataset.
    chosen: Settings.
    runs: how often each model is sampled and scored.
    progress: shows a bar.
  """

  def __init__(
    self,
    dataset: abstract_dataset.AbstractDataset,
    chosen: settings_lib.Settings,
    runs: int = 1,
    progress: bool = True,
  ):
    if runs < 1:
      raise ValueError(
        f"{runs} runs were requested, but at least 1 is needed. Set evaluate "
        "--runs, or --num_eval_averaging_runs in training."
      )
    self._dataset = dataset
    self._chosen = chosen
    self._runs = runs
    self._needed = needs.all_names(chosen.metrics)
    self._num_fake = chosen.num_fake or dataset.eval_samples
    self._extractor = None
    if needs.asks_features(self._needed):
      self._extractor = chosen.features(dataset)
    self._collector = sets_lib.Collector(
      self._needed, self._extractor, progress
    )
    self._data = sets_lib.SetsOfData(
      dataset, chosen, self._extractor, self._collector
    )
    self._cards = cards.CardWriter(dataset, chosen, self._extractor, self._data)
    self._scorer = scores_lib.Scorer(chosen, self._extractor)
    self._sampler = None

  @property
  def best_by(self) -> Optional[str]:
    """Returns the score by which `score_tables.keep_best` chooses.

    Raises ValueError if no metric returns what evaluate.best_by names.
    """
    extractor = self._extractor.name if self._extractor else None
    if not self._chosen.best_by:
      return choice.default(self._chosen.metrics, extractor)
    settings_lib.choose_best_by(self._chosen, extractor)
    return self._chosen.best_by

  def row_of_model(
    self,
    gan: AbstractGAN,
    checkpoint_path: str,
    step: int,
    config: dict[str, str],
  ) -> ScoreRow:
    """Returns the row of a GAN.

    Args:
      gan: an AbstractGAN.
      checkpoint_path, step: the source of its weights.
      config: {"selector.parameter": text}.
    """
    # The same precision for both threads of a Collector and for the metrics.
    with abstract_extractor.full_float32():
      # Before moments are filled: the card says if they are from a checkpoint.
      card = self.card_of_model(gan)
      self._prepare(gan)
      sets = (
        self._sets_of_model(self._chosen.seed + run)
        for run in range(self._runs)
      )
      return self._row(sets, card, checkpoint_path, step, config)

  def card_of_model(self, gan: AbstractGAN) -> protocol.Card:
    """Returns the card that `row_of_model` would use now, without scoring.

    Args:
      gan: an AbstractGAN that holds the values to score.
    """
    return self._cards.card_of_model(gan, self._num_fake, self._runs)

  def _prepare(self, gan):
    """Fills accumulated moments; traces G again only if the GAN is another."""
    model_sets.fill_moments(gan, self._chosen)
    if self._sampler is None or self._sampler.gan is not gan:
      self._sampler = sampling.Sampler(
        gan, self._chosen.averaged, truncation=self._chosen.truncation
      )
      model_sets.print_default_z(self._chosen)
    if "discriminate" in self._needed or self._chosen.microscope:
      model_sets.fill_discriminator(gan, self._dataset, self._chosen)

  def _sets_of_model(self, seed):
    sets = model_sets.collect(
      self._sampler, self._num_fake, seed, self._chosen, self._collector
    )
    return {**sets, **self._data.collect()}

  def row_of_images(
    self,
    images: np.ndarray,
    labels: Optional[np.ndarray] = None,
    source: str = "images",
  ) -> ScoreRow:
    """Returns the row of images from any program.

    Args:
      images: [N, H, W, C], uint8 or floats in [0, 1].
      labels: ints [N] or None.
      source: their origin, as the row names it.
    """
    self._check_labels(labels, len(images))
    batches = (
      _as_floats(images[start : start + 64])
      for start in range(0, len(images), 64)
    )
    with abstract_extractor.full_float32():
      card = self._cards.card_of_images(len(images))
      sets = self._collector.collect("fake", batches, len(images), labels)
      sets[contract.NUM_CLASSES] = self._dataset.num_classes
      return self._row([{**sets, **self._data.collect()}], card, source, 0, {})

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
        + (f"0 to {classes - 1}." if classes else "none. Leave them out.")
      )

  def _row(self, runs, card, checkpoint_path, step, config):
    return ScoreRow(
      checkpoint_path=checkpoint_path,
      step=step,
      **self._scorer.score(runs),
      protocol=card,
      protocol_digest=protocol.digest(card),
      config=config,
    )


def _as_floats(images):
  images = np.asarray(images)
  if images.dtype == np.uint8:
    return images.astype(np.float32) / np.float32(255.0)
  return images.astype(np.float32)
