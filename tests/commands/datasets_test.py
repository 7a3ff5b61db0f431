"""datasets list, check and prepare."""

from compare_gan.__main__ import main
from compare_gan.datasets import catalogue
from PIL import Image
import pytest

from tests.datasets import pictures
from tests.datasets.pictures import own_cache  # noqa: F401
from tests.datasets.tfds_images_test import TinyImages

pytestmark = [
  pytest.mark.usefixtures("own_cache"),
  pytest.mark.versions("an older tfds prepares it"),
]


def _check(tmp_path, *bindings):
  flags = [f"--gin_bindings={binding}" for binding in bindings]
  out = str(tmp_path / "sheet.png")
  return main(["datasets", "check", f"--out={out}", *flags])


def test_list_names_all(capsys):
  assert main(["datasets", "list"]) == 0
  out = capsys.readouterr().out
  for name in (*catalogue.names(), "shapes32", "cifar10", "folder", "tfrecord"):
    assert name in out


def test_check_counts_and_draws(tmp_path, capsys):
  folder = pictures.write_tree(tmp_path / "x", pictures.tree(20))
  code = _check(
    tmp_path, 'dataset.name = "folder"', f'folder.path = "{folder}"'
  )
  assert code == 0
  out = capsys.readouterr().out
  assert "images of 8 x 8 x 3 2 classes" in out
  assert "train: 18 images" in out and "eval: 2 images" in out
  counts = [
    int(line.split()[2]) for line in out.splitlines() if "class " in line
  ]
  assert sum(counts) == 20 and counts[0] + counts[2] == 10
  with Image.open(tmp_path / "sheet.png") as sheet:
    assert sheet.size == (5 * 8, 4 * 8)


def test_check_names_bad_files_and_fails(tmp_path, capsys):
  files = pictures.tree(30)
  for i in range(15):
    name = f"{'ab'[i % 2]}/{i}.png"
    files[name] = files[name][:30]
  folder = pictures.write_tree(tmp_path / "x", files)
  bindings = ['dataset.name = "folder"', f'folder.path = "{folder}"']
  assert _check(tmp_path, *bindings, "folder.image_size = 8") == 1
  captured = capsys.readouterr()
  lines = [x for x in captured.out.splitlines() if x.startswith("bad ")]
  assert len(lines) == 15 and all(".png: " in line for line in lines)
  assert "15 examples cannot be used" in captured.err


def test_check_of_what_is_not_there_is_one_sentence(tmp_path, capsys):
  assert _check(tmp_path, 'dataset.name = "folder"', 'folder.path = "/no"') == 1
  assert "folder.path = '/no': there is no such" in capsys.readouterr().err


def test_limit(tmp_path, capsys):
  bindings = '--gin_bindings=dataset.name = "ring8"'
  assert main(["datasets", "check", "--limit=64", bindings]) == 0
  assert "50000 images, 64 of them read" in capsys.readouterr().out


def test_prepare_then_check(tmp_path, capsys, monkeypatch):
  spec = {"shape": (8, 8, 3), "splits": {"train": 20}, "classes": 2}
  monkeypatch.setattr(TinyImages, "spec", {**spec, "sizes": None})
  data = f"--tfds_data_dir={tmp_path}"
  assert main(["datasets", "prepare", "--name=tfds:tiny_images", data]) == 0
  assert (tmp_path / "tiny_images" / "1.0.0").is_dir()
  flags = [f"--out={tmp_path / 'sheet.png'}", data]
  name = '--gin_bindings=dataset.name = "tfds:tiny_images"'
  assert main(["datasets", "check", name, *flags]) == 0
  assert "train: 18 images" in capsys.readouterr().out


def test_prepare_of_one_s_own_images_is_refused(capsys):
  assert main(["datasets", "prepare", "--name=folder"]) == 1
  assert "not a dataset of tensorflow-datasets" in capsys.readouterr().err


def test_verb_is_required():
  with pytest.raises(SystemExit):
    main(["datasets"])
