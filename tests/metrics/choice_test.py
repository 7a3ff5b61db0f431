"""Which score decides, and what is refused."""

from compare_gan.metrics import choice
from compare_gan.metrics import contract
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import memorization
from compare_gan.metrics import ms_ssim
from compare_gan.metrics import prd
import pytest


def _undeclared(fake_images):
  return {"mine": 1.0}


def _choose(name, *metrics, extractor="pixels", better=None):
  return choice.choose("study.score", name, metrics, extractor, better)


@pytest.mark.parametrize(
  "name,metric,extractor,better",
  [
    ("fid_pixels", fid.fid, "pixels", "lower"),
    ("fid", fid.fid, "inception", "lower"),
    ("ms_ssim", ms_ssim.ms_ssim, "pixels", "lower"),
    ("prd_f8_pixels", prd.prd, "pixels", "higher"),
    ("inception_score_x", inception_score.inception_score, "*", "higher"),
  ],
)
def test_the_metric_says_which_way(name, metric, extractor, better):
  found = _choose(name, metric, extractor=extractor)
  assert found == choice.Choice(name, better)


@pytest.mark.parametrize(
  "name,extractor",
  [("fid", "pixels"), ("fid_pixels", "inception"), ("kid_pixels", "pixels")],
)
def test_what_no_metric_returns_is_refused(name, extractor):
  with pytest.raises(ValueError) as refused:
    _choose(name, fid.fid, ms_ssim.ms_ssim, extractor=extractor)
  suffix = "" if extractor == "inception" else f"_{extractor}"
  assert f"study.score = {name!r} is not a score" in str(refused.value)
  assert f"There are fid{suffix}, ms_ssim." in str(refused.value)


def test_names_of_an_unknown_extractor_are_patterns():
  for name in ("kid_mine", "fid"):
    with pytest.raises(ValueError, match="There are fid_<features>."):
      _choose(name, fid.fid, extractor="*")


def test_what_only_describes_cannot_decide():
  with pytest.raises(ValueError, match="neither less nor more.*There are none"):
    _choose("memorization_pixels", memorization.memorization)


def test_a_metric_without_declaration_is_told_how():
  sentence = r"_undeclared declares no.*contract.Score\(.mine., .lower.\)"
  with pytest.raises(ValueError, match=sentence):
    _choose("mine", fid.fid, _undeclared)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_the_users_direction_stands_in_for_a_declaration(better):
  found = _choose("mine", fid.fid, _undeclared, better=better)
  assert found == choice.Choice("mine", better)
  with pytest.raises(ValueError, match="is not a score"):
    _choose("mine", fid.fid, better=better)


def test_the_users_direction_counts_and_is_noted():
  assert _choose("fid_pixels", fid.fid, better="lower").note == ""
  found = _choose("fid_pixels", fid.fid, better="higher")
  assert found.better == "higher"
  assert "higher counts as better" in found.note
  assert "declares 'lower'" in found.note


def test_default_is_the_first_score_with_a_direction():
  metrics = [_undeclared, memorization.memorization, prd.prd, ms_ssim.ms_ssim]
  assert choice.default([fid.fid, *metrics], "pixels") == "fid_pixels"
  assert choice.default(metrics, "pixels") == "ms_ssim"
  assert choice.default(metrics[:3], "pixels") is None


def test_declared_scores_of_a_metric_have_the_extractors_name():
  @contract.declare(contract.Score("a", "lower"), contract.Score("b", "higher"))
  def metric(fake_logits):
    return {"a": 0.0, "b": 0.0}

  assert list(choice.names([metric], "pixels")) == ["a_pixels", "b_pixels"]
  assert list(choice.names([metric], "inception")) == ["a", "b"]
