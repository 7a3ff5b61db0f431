"""The package huggingface_hub itself, with a hub on loopback."""

import json
import sys

import pytest

from tests import plain_shell
from tests.bundles import hub_server
from tests.bundles import tiny

pytest.importorskip(
  "huggingface_hub", reason="the extra huggingface is not installed"
)
pytestmark = pytest.mark.long

_PROGRAM = """
import json, sys
from compare_gan.bundles import archive, hub
found = archive.read(sys.argv[1])[1]
print(hub.push("me/gan", found))
folder = hub.pull("hf://me/gan")
assert archive.read(folder)[1] == found
try:
  hub.pull("hf://me/nothing")
except OSError as error:
  print(error)
"""


def test_what_is_pushed_is_pulled(tmp_path):
  found = tiny.with_manifest(tiny.contents(**{"README.md": b"x" * 5000}))
  path = tiny.write_zip(tmp_path / "a.zip", found)
  with hub_server.running() as server:
    server.repositories["me/gan"] = {"other.bin": b"1"}
    done = plain_shell.run(
      ["-c", _PROGRAM, path],
      tmp_path,
      tmp_path,
      PYTHONPATH=plain_shell.ROOT,
      HF_ENDPOINT=server.address,
      HF_TOKEN="hf_none",
      HF_HUB_DISABLE_XET="1",
      NO_PROXY="127.0.0.1",
    )
  assert done.returncode == 0, done.stderr
  assert "hf://me/gan" in done.stdout
  assert "hf://me/nothing cannot be downloaded" in done.stdout
  stored = server.repositories["me/gan"]
  assert {name: stored[name] for name in found} == found
  assert json.loads(stored["manifest.json"])["version"] == 1
  # What is no part of a bundle is not downloaded.
  assert not list(tmp_path.rglob("other.bin")), sys.version
