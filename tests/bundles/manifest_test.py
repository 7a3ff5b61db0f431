"""manifest.json: versions, names and types that are not known are refused."""

import json

from compare_gan.bundles import manifest as manifest_lib
from compare_gan.bundles.manifest import BundleError
import pytest

from tests.bundles import tiny

_TEXT = tiny.with_manifest(tiny.contents())[manifest_lib.NAME]


def _changed(**changes):
  return json.dumps({**json.loads(_TEXT), **changes}).encode()


def _files(**more):
  return {**json.loads(_TEXT)["files"], **more}


def test_what_is_written_is_read():
  manifest = manifest_lib.decode(_TEXT)
  assert manifest_lib.encode(manifest) == _TEXT
  # SHA-256 of nothing
  assert manifest.files["config.gin"].sha256[:8] == "e3b0c442"


@pytest.mark.parametrize(
  "data,reason",
  [
    (b"{", "not JSON"),
    (b"\xff", "not JSON"),
    (b"[]", "its format is 'compare_gan bundle'"),
    (_changed(format="other"), "its format is"),
    (_changed(version=2), "version 2, but this compare_gan reads version 1"),
    (_changed(step="7"), "step = '7'"),
    (_changed(step=True), "step = True"),
    (_changed(step=-1), "step = -1, which is below 0"),
    (_changed(parts=[]), "generator must be among them"),
    (_changed(parts=["generator", "code"]), "They can be generator, "),
    (_changed(files=None), "files = None"),
    (_changed(files=_files(**{"a.py": {}})), "'a.py'. It can hold weights"),
    (_changed(files=_files(**{"model.pkl": {}})), "'model.pkl'"),
    (_changed(files={}), "has no config.gin"),
    (_changed(files=_files(**{"config.gin": 3})), "no size of config.gin"),
    (
      _changed(files=_files(**{"config.gin": {"sha256": "", "size": -1}})),
      "no size of config.gin",
    ),
  ],
)
def test_what_is_refused(data, reason):
  with pytest.raises(BundleError, match=reason):
    manifest_lib.decode(data)
