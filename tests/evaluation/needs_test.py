"""What follows from the needs of metrics."""

from compare_gan.evaluation import needs
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
from compare_gan.metrics import ms_ssim


def test_needs_of_several_metrics_are_those_of_each():
  found = needs.all_names([fid.fid, ms_ssim.ms_ssim])
  assert found == {"real_features", "fake_features", "fake_images"}


def test_pixels_take_no_extractor():
  assert needs.asks_features(["fake_logits", "fake_images"])
  assert not needs.asks_features(["fake_images", "fake_labels"])


def test_rows_are_needed_beside_a_metric_that_does_without():
  assert needs.only_gaussian_is_real([fid.fid, ms_ssim.ms_ssim])
  assert not needs.only_gaussian_is_real([fid.fid, kid.kid])
  assert not needs.only_gaussian_is_real([inception_score.inception_score])
