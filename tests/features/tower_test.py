"""tower.json: what it may hold, which weights it is for, and their names."""

import hashlib
import os

from compare_gan.features import tower
import gin
import numpy as np
import pytest

from tests.features import tiny_tower

pytestmark = pytest.mark.versions("older numpy, another onnxruntime")


def _described(folder="towers/vit", **changes):
  path = os.path.join(folder, "tower.json")
  return tower.description(path, tiny_tower.values(**changes))


def test_what_is_read(tmp_path):
  path = tiny_tower.write_json(tmp_path, name="vit", port="hub", crop="none")
  found = tower.read(path)
  assert (found.name, found.port, found.licence) == ("vit", "hub", "Apache-2.0")
  assert found.preprocessing.mean == (0.5, 0.4, 0.3)
  assert found.preprocessing.round_pixels is False
  assert found.path == path


def test_the_folder_is_the_default_name():
  assert _described("towers/vit").name == "vit"
  assert _described("towers/vit", name="clip").name == "clip"


@pytest.mark.parametrize(
  "changes,message",
  [
    ({"pixel": 3, "std_": 1}, "has the keys pixel, std_, which nothing reads"),
    ({"mean": None, "layout": None}, "lacks mean, layout"),
    ({"layout": "CHWN"}, "layout = 'CHWN'. It can be 'NCHW' or 'NHWC'"),
    ({"normalise": 1}, "normalise = 1. It must be true or false"),
    ({"licence": 3}, "licence = 3. It must be a string"),
    (
      {"weights_sha256": "abc"},
      "weights_sha256 = 'abc'. It must be the 64 hex",
    ),
    ({"pixels": "224"}, "pixels = '224'. It must be an int"),
    ({"std": [1.0, 2.0]}, "std = .* three numbers"),
    ({"name": "inception_v3"}, "'inception_v3' is the name of another"),
    ({"name": "classifier"}, "'classifier' is the name of another"),
    ({"name": "my net"}, "name = 'my net' is part of the scores' names"),
  ],
  ids=str,
)
def test_each_wrong_key_has_a_sentence(changes, message):
  with pytest.raises(ValueError, match=rf"towers/vit/tower.json.*{message}"):
    _described(**changes)


def test_what_is_no_object(tmp_path):
  for text, message in (("{", "is not JSON"), ("[]", r"holds \[\]")):
    (tmp_path / "tower.json").write_text(text)
    with pytest.raises(ValueError, match=message):
      tower.read(str(tmp_path / "tower.json"))
  with pytest.raises(FileNotFoundError, match="features make-json"):
    tower.read(str(tmp_path / "nowhere" / "tower.json"))


def test_where_it_is_looked_for(tmp_path):
  folder = tmp_path / "vit"
  (folder / "saved_model").mkdir(parents=True)
  (folder / "model.onnx").write_bytes(b"")
  path = tiny_tower.write_json(folder)
  for name in ("", "model.onnx", "saved_model"):
    assert tower.find(os.path.join(folder, name)) == path
  assert tower.find(str(tmp_path)) == str(tmp_path / "tower.json")


def test_digests_are_what_sha256sum_prints(tmp_path):
  (tmp_path / "b").write_bytes(b"1")
  (tmp_path / "a").write_bytes(b"2")
  one, two = (hashlib.sha256(x).hexdigest() for x in (b"1", b"2"))
  assert tower.digest_of_weights(str(tmp_path), ["b"]) == one
  lines = f"{two}  a\n{one}  b\n".encode()
  found = tower.digest_of_weights(str(tmp_path), ["b", "a"])
  assert found == hashlib.sha256(lines).hexdigest()


def test_other_weights_are_refused(tmp_path):
  (tmp_path / "a").write_bytes(b"1")
  right = hashlib.sha256(b"1").hexdigest()
  described = _described(weights_sha256=right.upper())
  tower.check_weights(described, str(tmp_path), ["a"])
  with pytest.raises(ValueError, match=f"but a in .* has {right}"):
    tower.check_weights(_described(), str(tmp_path), ["a"])


_GOOD = tower.Port("float32", ["n", 3, 16, 16])
_ROWS = tower.Port("float32", ["n", 24])


@pytest.mark.parametrize(
  "inputs,outputs,message",
  [
    ({"x": _GOOD}, {}, r"input = 'pixels', but the network's are \['x'\]"),
    ({}, {"y": _ROWS}, r"output = 'features', but the network's are \['y'\]"),
    ({"pixels": _GOOD._replace(dtype="float64")}, {}, "'pixels' is of float64"),
    ({}, {"features": _ROWS._replace(dtype="float16")}, "is of float16"),
    (
      {"pixels": _GOOD, "masks": _GOOD},
      {},
      r"also needs the inputs \['masks'\]",
    ),
    (
      {"pixels": _GOOD._replace(shape=["n", 16, 16, 3])},
      {},
      r"layout = 'NCHW' and pixels = 16 give images of \['N', 3, 16, 16\], but",
    ),
    ({"pixels": _GOOD._replace(shape=["n", 3, 224, 224])}, {}, "pixels = 16"),
    ({"pixels": _GOOD._replace(shape=[8, 3, 16, 16])}, {}, "of 8 images only"),
    (
      {},
      {"features": _ROWS._replace(shape=["n", 17, 24])},
      r"\[N, D\] is need",
    ),
  ],
  ids=range(9),
)
def test_a_network_that_does_not_fit(inputs, outputs, message):
  inputs = inputs or {"pixels": _GOOD}
  outputs = outputs or {"features": _ROWS}
  with pytest.raises(ValueError, match=f"towers/vit/tower.json: .*{message}"):
    tower.check_ports(_described(), inputs, outputs)


def test_sizes_that_are_not_known_fit():
  shape = ["n", None, "height", None]
  inputs = {"pixels": _GOOD._replace(shape=shape)}
  tower.check_ports(_described(), inputs, {"features": _ROWS})
  unknown = tower.Port("float32", None)
  tower.check_ports(_described(), {"pixels": unknown}, {"features": unknown})


def _mean(x):
  return x.mean(axis=(2, 3))  # of NCHW


def _tower(network=_mean, **changes):
  return tower.Tower(_described(**changes), network, "onnx")


def test_rows_may_have_length_1():
  images = np.random.RandomState(0).rand(5, 16, 16, 3).astype(np.float32)
  plain = _tower()(images).features
  found = _tower(normalise=True)(images).features
  lengths = np.linalg.norm(plain, axis=1, keepdims=True)
  np.testing.assert_allclose(found, plain / lengths, rtol=1e-12)
  with pytest.raises(ValueError, match="all zeros"):
    _tower(lambda x: 0 * _mean(x), normalise=True)


@pytest.mark.parametrize(
  "network",
  [lambda x: x, lambda x: _mean(x)[:1], lambda x: _mean(x)[0]],
  ids=["images", "one row", "no rows"],
)
def test_what_is_no_row_for_each_image_is_refused_at_once(network):
  with pytest.raises(ValueError, match=r"one row of features for each"):
    _tower(network)


@pytest.mark.parametrize(
  "changes",
  [
    {"mean": [0.5, 0.4, 0.31]},
    {"std": [0.2, 0.3, 0.41]},
    {"pixels": 17},
    {"resize": "bilinear"},
    {"antialias": False, "arithmetic": "float"},
    {"arithmetic": "float"},
    {"crop": "centre_square"},
    {"normalise": True},
    {"output": "tokens"},
    {"weights_sha256": 64 * "1"},
    {"name": "other"},
    {"port": "other"},
  ],
  ids=str,
)
def test_the_identity_is_of_all_that_numbers_follow_from(changes):
  assert _tower(**changes).identity() != _tower().identity()


def test_rounding_is_part_of_the_identity_where_it_is_a_choice():
  plain, rounded = (
    [
      _tower(arithmetic=arithmetic, round_pixels=rounds).identity()
      for arithmetic in ("float", "uint8")
    ]
    for rounds in (False, True)
  )
  assert plain[0] != rounded[0]
  assert plain[1] == rounded[1]  # "uint8" rounds anyway.


def test_the_licence_changes_no_number():
  assert _tower(licence="MIT").identity() == _tower().identity()
  assert len(_tower().identity()) == 12


def test_the_card_says_what_was_done():
  settings = _tower(arithmetic="float").settings
  assert settings["arithmetic"] == "float"
  assert settings["mean"] == [0.5, 0.4, 0.3]
  assert settings["network"] == "vit" and settings["format"] == "onnx"


def test_names_that_gin_binds(tmp_path):
  assert tower.bound_name("onnx_features.path") is None
  tiny_tower.write_json(tmp_path, name="vit")
  gin.bind_parameter("onnx_features.path", str(tmp_path))
  assert tower.bound_name("onnx_features.path") == "vit"
  gin.bind_parameter("onnx_features.path", str(tmp_path / "nowhere"))
  assert tower.bound_name("onnx_features.path") is None
