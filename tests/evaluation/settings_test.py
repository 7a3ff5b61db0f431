"""What a gin file may say of an evaluation, and what is refused."""

from compare_gan.evaluation import settings as settings_lib
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
from compare_gan.metrics import ms_ssim
import gin
import pytest

pytestmark = pytest.mark.versions("an older gin or Python calls it")


def _pixels(dataset):
  raise AssertionError("nothing is to be made")


def _settings(*metrics, **changes):
  return settings_lib.Settings(
    metrics=metrics, **{"features": _pixels, **changes}
  )


def test_unknown_need_is_named():
  def strange(fake_sounds):
    return {}

  with pytest.raises(ValueError, match="strange needs .'fake_sounds'."):
    _settings(strange)


def test_metric_that_is_called_is_explained():
  with pytest.raises(ValueError, match="without brackets"):
    _settings({"fid": 1.0})


def test_unknown_split_is_named():
  with pytest.raises(ValueError, match="evaluate.split = 'test'"):
    _settings(fid.fid, split="test")


@pytest.mark.parametrize(
  "best_by,message",
  [
    ("kid_pixels", "'kid_pixels' is not a score.*are fid_pixels, ms_ssim"),
    ("fid", "'fid' is not a score"),
    ("-recall", "'recall' is not a score"),
  ],
)
def test_best_by_a_score_that_does_not_exist(best_by, message):
  def features(dataset):
    raise AssertionError("nothing is to be made")

  features.extractor_name = "pixels"
  chosen = _settings(
    fid.fid, ms_ssim.ms_ssim, best_by=best_by, features=features
  )
  with pytest.raises(ValueError, match=f"evaluate.best_by = {message}"):
    settings_lib.check_best_by(chosen)


def test_a_minus_that_contradicts_the_metric_is_noted():
  chosen = _settings(fid.fid, best_by="-fid_pixels")
  assert "higher counts as better" in settings_lib.check_best_by(chosen)
  by = "-inception_score_x"
  chosen = _settings(inception_score.inception_score, best_by=by)
  assert settings_lib.check_best_by(chosen) == ""


@pytest.mark.parametrize(
  "features,lines,name",
  [
    ("classifier", "", "fid_classifier"),
    ("random_filters", "", "fid_random_filters"),
    ("inception", "", "fid"),
    ("inception", "inception.resize = 'clean'", "fid_inception_clean"),
    ("saved_model", "saved_model.name = 'vit'", "fid_vit"),
    ("saved_model", "", "fid_saved_model"),
  ],
)
def test_names_of_extractors_are_known_before_they_are_made(
  features, lines, name
):
  gin.parse_config(
    f"evaluate.features = @{features}\n{lines}\nevaluate.best_by = {name!r}"
  )
  settings_lib.check_best_by(settings_lib.Settings(metrics=[fid.fid]))
  with pytest.raises(ValueError, match=f"There are {name}."):
    settings_lib.check_best_by(
      settings_lib.Settings(metrics=[fid.fid], best_by=f"{name}_")
    )


def test_metric_that_is_named_twice_is_refused():
  with pytest.raises(ValueError, match="metrics names fid more than once"):
    _settings(fid.fid, kid.kid, fid.fid)
