"""Scores the checkpoints of a training: rows of tables, pictures, best/."""

from collections.abc import Iterable
import json
import os
from typing import Any
from typing import NamedTuple
from typing import Optional
import warnings

from compare_gan.context import scope
from compare_gan.evaluation import microscope
from compare_gan.evaluation import post_hoc
from compare_gan.evaluation import protocol
from compare_gan.evaluation import sampling
from compare_gan.evaluation import scoring as evaluation_lib
from compare_gan.evaluation import settings as settings_lib
from compare_gan.looks import views
from compare_gan.pictures import picture_files
from compare_gan.storage import checkpoints
from compare_gan.storage import files
from compare_gan.storage import model_dir as model_dir_lib
from compare_gan.storage import restart
from compare_gan.storage import score_tables
from compare_gan.storage.score_row import ScoreRow
from compare_gan.trackers import abstract_tracker
import gin
import numpy as np

_NO_TRACKER = abstract_tracker.Tracker()


class _Loaded(NamedTuple):
  """The model of a checkpoint, and what evaluates it."""

  gan: Any
  evaluator: evaluation_lib.Evaluator
  sampler: sampling.Sampler
  best_by: Optional[str]  # the score that decides what best/ is


class Scorer:
  """The model and the evaluator that all checkpoints of a run share.

  Both are made when they are first needed.

  Args:
    dataset: an AbstractDataset.
    model_dir: where the checkpoints are.
    runs: how often each model is sampled.

  Attributes:
    scored_before: rows that `is_scored` has found to be enough.
  """

  def __init__(self, dataset: Any, model_dir: str, runs: int) -> None:
    self._dataset = dataset
    self._model_dir = model_dir
    self._runs = runs
    self._loaded: Optional[_Loaded] = None
    self.scored_before: list[ScoreRow] = []

  def load(self, step: int, tensors: dict[str, np.ndarray]) -> _Loaded:
    """Returns the model with the values of a checkpoint."""
    if self._loaded is None:
      shapes = {name: np.shape(value) for name, value in tensors.items()}
      was = restart.begun_at_checkpoint(self._model_dir, step, shapes)
      restart.require_variables(was, self._dataset)
    gan = self._loaded.gan if self._loaded else None
    gan = _with_values(gan, self._dataset, tensors, self._model_dir)
    chosen = settings_lib.Settings()
    post_hoc.use_average(gan, self._model_dir, step, chosen.ema)
    if self._loaded is None:
      evaluator = evaluation_lib.Evaluator(self._dataset, chosen, self._runs)
      # A wrong evaluate.best_by is refused before anything is computed.
      best_by = evaluator.best_by
      sampler = sampling.Sampler(
        gan, chosen.averaged, truncation=chosen.truncation
      )
      self._loaded = _Loaded(gan, evaluator, sampler, best_by)
    return self._loaded

  def is_scored(self, step: int, rows: list[ScoreRow]) -> bool:
    """Returns whether rows of a step have all scores that would be computed."""
    try:
      tensors = checkpoints.read(self._model_dir, step)
      post_hoc.require_snapshot(
        self._model_dir, step, settings_lib.Settings().ema
      )
    except OSError:
      return False  # `evaluate` reads it again, and reports it.
    loaded = self.load(step, tensors)
    card = loaded.evaluator.card_of_model(loaded.gan)
    enough = [row for row in rows if protocol.covers(row.protocol, card)]
    self.scored_before += enough[:1]
    return bool(enough)

  def keep_best_of_before(self) -> None:
    """Makes best/ the best of the rows that `is_scored` has found to be enough.

    Until then best/ may be the best under another protocol, if all checkpoints
    have been scored under that one in the meantime.
    """
    best_by = self._loaded.best_by if self._loaded else None
    for row in self.scored_before:
      if best_by is not None:
        score_tables.keep_best(self._model_dir, row, best_by)


def evaluate(
  steps: Iterable[int],
  dataset: Any,
  model_dir: str,
  score_filename: str,
  scorer: Scorer,
  tracker: abstract_tracker.Tracker = _NO_TRACKER,
) -> None:
  """Adds a row to the tables for each of the steps, and tells a tracker."""
  chosen = settings_lib.Settings()
  for step in steps:
    try:
      tensors = checkpoints.read(model_dir, step)
      post_hoc.require_snapshot(model_dir, step, chosen.ema)
    except OSError as error:  # Removed meanwhile, or damaged.
      warnings.warn(f"Step {step} is not evaluated: {error}", stacklevel=2)
      continue
    gan, evaluator, sampler, best_by = scorer.load(step, tensors)
    row = evaluator.row_of_model(
      gan,
      os.path.join(model_dir, f"model.ckpt-{step}"),
      step,
      _bindings(model_dir, step),
    )
    # Pictures come before the row: an evaluation that was killed leaves no row,
    # so it is made again.
    if chosen.sample_grid:
      picture = _write_samples(sampler, chosen, model_dir, step)
      tracker.image(step, "evaluation/samples", picture)
    if chosen.microscope and step == max(checkpoints.all_steps(model_dir)):
      _write_microscope(gan, dataset, chosen, model_dir, step)
    before = score_tables.read_rows(model_dir, score_filename)
    if before:
      _warn_of_another_protocol(row, before[-1])
    best = score_tables.record(model_dir, row, score_filename, best_by)
    _track(tracker, row)
    print(_in_words(row), "(the best so far)" if best else "", flush=True)
  scorer.keep_best_of_before()
  print(f"Scores are in {os.path.join(model_dir, score_filename)}.")


def _track(tracker, row):
  """Tells a tracker the scores of a step, and how each came about."""
  tracker.scalars(
    row.step, {f"score/{name}": value for name, value in row.scores.items()}
  )
  table = [
    {
      "score": name,
      "mean": value,
      "runs": " ".join(f"{x:.6g}" for x in row.lists.get(name, [])),
      "better": row.better.get(name) or "",
      "protocol": protocol.digest_of_score(row, name),
    }
    for name, value in sorted(row.scores.items())
  ]
  tracker.table(row.step, "evaluation/scores", table)
  tracker.flush()


def _write_samples(sampler, chosen, model_dir, step):
  """Returns samples from the same z at every step; samples/ gets them too."""
  z, labels = sampling.draw(
    sampler.gan,
    chosen.sample_grid,
    chosen.seed,
    truncation=chosen.truncation,
  )
  folder = os.path.join(model_dir, "samples")
  files.make_folder(folder)
  picture = views.samples(sampler, z, labels)
  picture_files.write_png(os.path.join(folder, f"step-{step}.png"), picture)
  return picture


def _write_microscope(gan, dataset, chosen, model_dir, step):
  found = microscope.look(gan, dataset, chosen.averaged, chosen.seed)
  files.write_text(
    os.path.join(model_dir, "microscope.json"),
    json.dumps({"step": step, **found}),
  )


def _with_values(gan, dataset, tensors, model_dir):
  """Returns the GAN with a checkpoint's values; None makes a new one."""
  values = model_dir_lib.values_of(tensors, model_dir)
  if gan is None:
    with scope.building(values=values):
      return model_dir_lib.make_gan(dataset)
  for variable in gan.variables:
    name = scope.full_name(variable)
    variable.assign(values(name, variable.shape, variable.dtype))
  return gan


def _bindings(model_dir, step):
  name = model_dir_lib.newest_config(model_dir, step)
  if name is None:
    return score_tables.bindings(gin.operative_config_str())
  return score_tables.bindings(files.read_text(os.path.join(model_dir, name)))


def _warn_of_another_protocol(row, other):
  unlike = protocol.differences(row.protocol, other.protocol)
  if unlike:
    warnings.warn(
      f"The scores of step {row.step} cannot be compared with those of step "
      f"{other.step}: {'; '.join(unlike)}.",
      stacklevel=2,
    )


def _in_words(row):
  scores = "  ".join(f"{k} {v:.4g}" for k, v in row.scores.items())
  status = "" if row.status == "ok" else f"  {row.status}"
  return f"step {row.step}: {scores}{status}"
