"""What is looked at: made when it is asked for, and written to a folder."""

import numpy as np
import pytest

from tests.looks import tiny

pytestmark = pytest.mark.versions("TensorFlow is what a sampler needs")


def test_the_first_latents_are_at_most_those_there_are(tmp_path):
  subject = tiny.look_at(tmp_path, np.zeros([3, 4, 4, 1]), np.arange(3))
  z, labels = subject.first(2)
  assert z.shape == (2, 2) and labels.tolist() == [0, 1]
  assert subject.first(9)[0].shape == (3, 2)


def test_tables_have_seven_digits_and_empty_cells(tmp_path):
  subject = tiny.look_at(tmp_path, np.zeros([1, 4, 4, 1]))
  rows = [("x", 1, None, 1 / 3), ("y", np.int64(2), 0, np.float32(0.0))]
  subject.write_csv("a.csv", ("name", "n", "label", "value"), rows)
  assert (tmp_path / "a.csv").read_text() == (
    "name,n,label,value\nx,1,,0.3333333\ny,2,0,0\n"
  )


def test_images_that_are_no_numbers_are_not_compared(tmp_path):
  images = np.zeros([3, 4, 4, 1])
  images[1, 2, 3] = np.nan
  subject = tiny.look_at(tmp_path, images)
  with pytest.raises(ValueError, match="1 of 3 images have NaN"):
    subject.finite_images  # noqa: B018
