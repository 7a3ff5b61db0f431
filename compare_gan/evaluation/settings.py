"""The settings of an evaluation, bound in a gin file.

evaluate.metrics = [@fid, @kid, @inception_score]
evaluate.features = @inception
"""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
from typing import Annotated
from typing import Any
from typing import Optional

from compare_gan.configuration import accepted
from compare_gan.configuration import gin_roles
from compare_gan.evaluation import needs
from compare_gan.features import abstract_extractor
from compare_gan.features import classifier
from compare_gan.metrics import choice
from compare_gan.metrics import contract
from compare_gan.metrics import density_coverage
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
from compare_gan.metrics import precision_recall
import gin

_DEFAULT_METRICS = (
  fid.fid,
  kid.kid,
  inception_score.inception_score,
  precision_recall.precision_recall,
  density_coverage.density_coverage,
)


gin_roles.declare("evaluate", paths=["real_statistics"])


@gin.configurable("evaluate", module="compare_gan.evaluation")
@dataclasses.dataclass(frozen=True)
class Settings:
  """How models are scored; bound as evaluate.metrics and so on.

  Attributes:
    metrics: what computes the scores, a list: [@fid, @kid].
    features: the extractor: @inception, @classifier (trained on the dataset
      itself, without a download), @random_filters, @onnx_features (DINOv2,
      CLIP) or @saved_model.
    num_fake, num_real: how many images; None for the dataset's `eval_samples`.
    split: of the real images, "eval" or "train".
    seed: of z and labels of the first run; the next run has the next seed.
    truncation: draws z from a normal distribution cut at +- this, or truncates
      styles by this factor where G has some; None for `eval_z`.
    averaged: use the moving average of G's weights, if there is one.
    moments_examples: how many fill the accumulated moments of batch norm.
    bootstrap: adds intervals, see metrics/bootstrap.py; the row says why a
      metric has none.
    best_by: the score by which best/ keeps a checkpoint, by its name in the
      tables; None for the first that a metric declares. Its metric declares the
      better direction; a "-" before the name means that higher is better.
    real_statistics: npz file of mu and sigma that replace the real images in
      the FID, such as published ones.
    sample_grid: how many images samples/step-<step>.png shows; 0 for none.
    microscope: measures D's slopes and singular values, see microscope.py.
    num_train: how many training images metrics compare with, the first of the
      split; None for all. They are held in memory.
    ema: relative width (sigma_rel) of the average of G's weights; 0.1 averages
      over about the last 10 % of the training. It is reconstructed from the
      snapshots of post_hoc_ema.*; None for the average that
      ModularGAN.ema_decay tracked.
  """

  metrics: Sequence[Any] = _DEFAULT_METRICS
  features: Callable[..., Any] = classifier.classifier
  num_fake: Optional[accepted.Count] = None
  num_real: Optional[accepted.Count] = None
  split: Annotated[str, accepted.OneOf("eval", "train")] = "eval"
  seed: accepted.Seed = 42
  truncation: Optional[accepted.Positive] = None
  averaged: bool = True
  moments_examples: accepted.CountOrZero = 204800
  bootstrap: bool = False
  best_by: Optional[str] = None
  real_statistics: Optional[str] = None
  sample_grid: accepted.CountOrZero = 64
  microscope: bool = False
  num_train: Optional[accepted.Count] = None
  ema: Optional[accepted.Positive] = None

  def __post_init__(self) -> None:
    _check_split(self.split)
    _check_num_train(self.num_train)
    _check_ema(self.ema, self.averaged)
    _check_named_once(self.metrics)
    for metric in self.metrics:
      _check_metric(metric)


def _check_split(split):
  if split not in ("eval", "train"):
    raise ValueError(
      f"evaluate.split = {split!r}. It can be 'eval' or 'train'."
    )


def _check_num_train(num_train):
  if num_train is not None and num_train < 1:
    raise ValueError(
      f"evaluate.num_train = {num_train}. It must be 1 or more, or None for "
      "all training images."
    )


def _check_ema(ema, averaged):
  if ema is not None and not averaged:
    raise ValueError(
      f"evaluate.ema = {ema:g} asks for an average of G's weights, but "
      "evaluate.averaged = False. Set one of them only."
    )


def _check_named_once(metrics):
  names = [getattr(metric, "__name__", "") for metric in metrics]
  twice = sorted({name for name in names if name and names.count(name) > 1})
  if twice:
    raise ValueError(
      f"evaluate.metrics names {', '.join(twice)} more than once, so scores "
      "of the same name would be mixed up. Use two evaluations, whose rows "
      "have two protocols."
    )


def _check_metric(metric):
  if not callable(metric):
    raise ValueError(
      f"evaluate.metrics holds {metric!r}. Metrics must be references without "
      "brackets, such as [@fid, @kid]."
    )
  known = (*needs.SETS, *needs.CALLABLES)
  unknown = set(contract.needs(metric)) - {*known}
  if unknown:
    raise ValueError(
      f"evaluate.metrics: {metric.__name__} needs {sorted(unknown)}, which is "
      f"not available. It can need {', '.join(known)}."
    )


def check_best_by(chosen: Settings) -> str:
  """Raises ValueError if no metric returns the score that best/ uses.

  Returns a sentence if the user's direction differs from the metric's, else "".
  """
  if not chosen.best_by:
    return ""
  return choose_best_by(chosen, _extractor_name_before(chosen)).note


def choose_best_by(chosen: Settings, extractor: Optional[str]) -> choice.Choice:
  """Returns the Choice that evaluate.best_by makes.

  Args:
    chosen: settings with `best_by`.
    extractor: its name, "*" if it is not known yet; None without features.
  """
  best_by = chosen.best_by or ""
  is_reversed = best_by.startswith("-")
  return choice.choose(
    "evaluate.best_by",
    best_by[1:] if is_reversed else best_by,
    chosen.metrics,
    extractor,
    contract.HIGHER if is_reversed else None,
  )


def choose_score(
  chosen: Settings, setting: str, name: str, better: Optional[str] = None
) -> choice.Choice:
  """Returns the Choice of a score before anything is trained or loaded.

  Args:
    chosen: the settings.
    setting, name, better: as for `choice.choose`.
  """
  extractor = _extractor_name_before(chosen)
  return choice.choose(setting, name, chosen.metrics, extractor, better)


def _extractor_name_before(chosen):
  """Returns the extractor's name, "*" if it is unknown until it is made."""
  return abstract_extractor.name_before(chosen.features) or "*"
