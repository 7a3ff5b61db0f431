"""Images of the two accepted kinds, and others."""

from compare_gan.metrics import pixels
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")


def test_both_kinds_become_the_same():
  ints = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
  floats = ints.astype(np.float64) / 255.0
  pixels.check(ints=ints, floats=floats)
  np.testing.assert_allclose(pixels.to_255(floats), pixels.to_255(ints))
  assert pixels.to_255(ints).max() == 255.0
  assert pixels.to_255(floats.astype(np.float32)).dtype == np.float64


@pytest.mark.parametrize("bad", [-0.1, 1.1, 255.0, np.nan])
def test_floats_beyond_one_are_refused(bad):
  images = np.zeros([2, 4, 4, 3], np.float32)
  images[1, 2, 3, 0] = bad
  with pytest.raises(ValueError, match="fakes is float32 and has pixels from"):
    pixels.check(fakes=images)


@pytest.mark.parametrize("shape", [(4, 4, 3), (0, 4, 4, 3)])
def test_shapes(shape):
  with pytest.raises(ValueError, match="not .N, H, W, C."):
    pixels.check(fakes=np.zeros(shape))
