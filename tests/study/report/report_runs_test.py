"""What the report shows of a single run."""

import base64
import io
import json

from compare_gan.study.report import report_runs
import numpy as np
from PIL import Image
import pytest

from tests.study.examples import row


def _decoded(curves):
  values = np.frombuffer(base64.b64decode(curves["values"]), "<f4")
  return dict(zip(curves["names"], values.reshape(len(curves["names"]), -1)))


def _scalars(folder, rows, header="step,seconds,loss/d"):
  path = folder / "scalars.csv"
  path.write_text(header + "\n" + "".join(f"{line}\n" for line in rows))
  return str(path)


def test_curves_are_the_columns(tmp_path):
  path = _scalars(tmp_path, ["10,0.5,1.25", "20,1.0,-2.5"])
  found = _decoded(report_runs.curves(path, 200))
  np.testing.assert_array_equal(found["step"], [10, 20])
  np.testing.assert_array_equal(found["loss/d"], [1.25, -2.5])


def test_long_curves_keep_their_ends(tmp_path):
  path = _scalars(tmp_path, [f"{i},0,{i}" for i in range(1000)])
  found = _decoded(report_runs.curves(path, 11))
  assert len(found["step"]) == 11
  assert (found["step"][0], found["step"][-1]) == (0, 999)
  np.testing.assert_allclose(np.diff(found["step"]), 99.9, atol=1)


def test_torn_and_empty_cells_of_curves(tmp_path):
  path = tmp_path / "scalars.csv"
  path.write_text("step,seconds,loss/d\n1,0.1,\n2,0.2,nan\n3,0.\n3,0.3,7\n4,0.")
  found = _decoded(report_runs.curves(str(path), 200))
  np.testing.assert_array_equal(found["loss/d"], [np.nan, np.nan, 7])


@pytest.mark.parametrize("text", ["", "step,a\n", "step,a", "a,b\n1,2\n"])
def test_no_curves(tmp_path, text):
  path = tmp_path / "scalars.csv"
  path.write_text(text)
  assert report_runs.curves(str(path), 200) is None
  assert report_runs.curves(str(tmp_path / "none.csv"), 200) is None


def test_many_runs_have_fewer_points():
  assert report_runs.points_for(100) == 200
  assert report_runs.points_for(3000) == 100
  assert report_runs.points_for(10**6) == 20


def _microscope(folder, content):
  path = folder / "microscope.json"
  path.write_text(json.dumps(content))
  return report_runs.microscope(str(path))


def test_microscope_is_summed_up(tmp_path):
  found = _microscope(
    tmp_path,
    {
      "step": 800,
      "lipschitz": {"of_pairs": 2.123456789},
      "singular_values": {"conv": list(range(100, 0, -1)), "none": []},
      "gradient_norms": {"real": [0.0, 0.1, 1.0, 2.4], "fake": [2.4] * 3},
      "penalty": {"name": "gp", "share_of_loss": 0.25},
    },
  )
  assert found["lipschitz"] == {"of_pairs": 2.1235}
  assert found["penalty"] == {"name": "gp", "share_of_loss": 0.25}
  spectrum = found["spectra"]["conv"]
  assert list(found["spectra"]) == ["conv"]
  assert spectrum["size"] == 100 and len(spectrum["values"]) == 32
  assert (spectrum["at"][0], spectrum["values"][0]) == (1, 100)
  assert (spectrum["at"][-1], spectrum["values"][-1]) == (100, 1)
  norms = found["gradient_norms"]
  assert norms["edges"][:2] == [0.0, 0.1] and len(norms["edges"]) == 25
  assert norms["shares"]["fake"][-1] == 1.0
  assert norms["shares"]["real"][:2] == [0.25, 0.25]
  assert norms["medians"] == {"real": 0.55, "fake": 2.4}


def test_microscope_with_parts_missing(tmp_path):
  found = _microscope(tmp_path, {"errors": {"penalty": "no penalty"}})
  assert found["spectra"] == {} and found["gradient_norms"] is None
  assert found["errors"] == {"penalty": "no penalty"}
  (tmp_path / "microscope.json").write_text('{"step": 1')
  found = report_runs.microscope(str(tmp_path / "microscope.json"))
  assert "not complete JSON" in found["errors"]["microscope.json"]
  assert report_runs.microscope(str(tmp_path / "none.json")) is None


def test_norms_that_are_not_finite_are_left_out(tmp_path):
  found = report_runs.histograms(
    {"real": [1.0, None, float("nan")], "fake": []}
  )
  assert list(found["shares"]) == ["real"] and sum(found["shares"]["real"]) == 1


def test_newest_picture_is_taken(tmp_path):
  assert report_runs.picture(str(tmp_path)) is None
  (tmp_path / "samples").mkdir()
  assert report_runs.picture(str(tmp_path)) is None
  for name in ("step-900.png", "step-1000.png", "step-2000.png.writing"):
    (tmp_path / "samples" / name).touch()
  assert report_runs.picture(str(tmp_path)).endswith("step-1000.png")


def test_more_pictures_are_those_of_a_folder(tmp_path):
  assert report_runs.more_pictures(str(tmp_path)) == {}
  (tmp_path / "pictures").mkdir()
  for name in ("spectrum.png", "spectrum.csv", "map.png"):
    (tmp_path / "pictures" / name).touch()
  found = report_runs.more_pictures(str(tmp_path))
  assert list(found) == ["map", "spectrum"]
  assert found["map"] == str(tmp_path / "pictures" / "map.png")


def _png(folder, pixels):
  path = folder / "step-1.png"
  Image.fromarray(pixels).save(path)
  return path


def _opened(uri):
  head, content = uri.split(",")
  content = base64.b64decode(content)
  return head, content, Image.open(io.BytesIO(content))


def test_small_picture_is_embedded_as_it_is(tmp_path):
  path = _png(tmp_path, np.full([32, 32, 3], 7, np.uint8))
  head, content, _ = _opened(report_runs.thumbnail(str(path), 10000))
  assert head == "data:image/png;base64" and content == path.read_bytes()


@pytest.mark.parametrize("limit", [60000, 20000, 4000])
def test_large_picture_becomes_small_enough(tmp_path, limit):
  noise = np.random.RandomState(0).randint(0, 256, [256, 256, 3])
  path = _png(tmp_path, noise.astype(np.uint8))
  uri = report_runs.thumbnail(str(path), limit)
  head, _, image = _opened(uri)
  assert head == "data:image/jpeg;base64"
  assert len(uri) < limit + 30 and image.size[0] >= 32


def test_side_of_a_large_picture_can_be_chosen(tmp_path):
  noise = np.random.RandomState(0).randint(0, 256, [256, 256, 3])
  path = _png(tmp_path, noise.astype(np.uint8))
  _, _, image = _opened(report_runs.thumbnail(str(path), 60000, side=100))
  assert image.size == (100, 100)


def test_picture_that_is_no_whole_file_is_left_out(tmp_path):
  noise = np.random.RandomState(0).randint(0, 256, [64, 64, 3])
  path = _png(tmp_path, noise.astype(np.uint8))
  path.write_bytes(path.read_bytes()[:9000])
  assert report_runs.thumbnail(str(path), 5000) is None


def test_log_is_that_of_runs_that_failed(tmp_path):
  failed = row(None, log_tail=[str(i) for i in range(50)] + ["x" * 999])
  found = report_runs.detail(failed, str(tmp_path))
  assert len(found["log"]) == 40 and found["log"][-1] == "x" * 300
  assert "log" not in report_runs.detail(row(1.0), str(tmp_path))


def test_checkpoints_have_their_scores(tmp_path):
  found = report_runs.detail(row(1.23456789), str(tmp_path))
  assert found["checkpoints"] == [[100, {"fid": 1.2346}]]
