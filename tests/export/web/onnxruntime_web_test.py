"""onnxruntime-web in a page: what it computes, and where it comes from."""

import base64
import gzip
import importlib.util
import io
import json
import pathlib
import tarfile
import zipfile

from compare_gan.export.formats import web
from compare_gan.export.web import onnxruntime_web
from compare_gan.export.web import web_page
import numpy as np
import pytest

from tests.export import chromium
from tests.export import trained

_ROOT = pathlib.Path(__file__).parents[3]
_SCRIPT = _ROOT / "scripts" / "vendor_onnxruntime_web.py"
_FOLDER = _ROOT / onnxruntime_web.FOLDER
_HAS_FILES = {*onnxruntime_web.NAMES} <= {p.name for p in _FOLDER.glob("*")}
_HAS_ONNX = all(
  importlib.util.find_spec(name) for name in ("tf2onnx", "onnx", "onnxruntime")
)

# In the place of the real one: its image is z and y, over its model's size.
_MODULE = b"""
export const env = { wasm: {} };
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = {
  async create(model, { executionProviders: [provider] }) {
    const size = new Uint8Array(env.wasm.wasmBinary)[0] * model.length;
    return { run: async ({ a, b }) => {
      if (provider !== "wasm" || b.dims[1] !== 3) throw Error("wrong");
      const data = [...a.data, ...b.data].map((x) => x / size);
      return { image: { data: Float32Array.from(data) } };
    } };
  },
};
"""
_LICENSES = {"LICENSE": "(c) <Them>", "ThirdPartyNotices.txt": "& others"}


def _runtime():
  return onnxruntime_web.Runtime("1.2.3", _MODULE, b"\5wasm", _LICENSES)


class _Gan:
  num_classes = 3
  image_shape = (1, 2, 3)

  class options:
    z_dim = 3


def _page():
  ports = {"inputs": {"z": "a", "y": "b"}, "output": "image"}
  return web_page.live_by_onnxruntime(
    _Gan, b"ab", ports, _runtime(), ("t", ""), [-1.0, 1.0], [*"abc"], 1.0
  )


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
  with chromium.browser(tmp_path_factory.mktemp("profile")) as one:
    yield one


def _ask(browser, text, folder, inputs):
  """Returns what a page computes, and whether a worker of it did."""
  path = folder / "page.html"
  path.write_text(text, encoding="utf-8")
  page = browser.open(path)
  page.wait_for("get('status').textContent.includes('compute')")
  pixels = page.run(f"ask('test', {inputs}).then((a) => [...a.pixels])")
  assert not page.complaints()
  requests = page.requests()
  page.close()
  return np.array(pixels), requests


@chromium.required
@pytest.mark.parametrize("worker", ["Worker", "NoSuchThing"])
def test_page_gives_inputs_to_the_model(browser, tmp_path, worker):
  text = _page().replace("new Worker(url)", f"new {worker}(url)")
  inputs = "{ z: [0.5, 1, -1], y: [0, 0.25, 0.75] }"
  got, requests = _ask(browser, text, tmp_path, inputs)
  # The model has 2 bytes, the WebAssembly begins with a 5.
  np.testing.assert_allclose(got, [0.05, 0.1, -0.1, 0.0, 0.025, 0.075])
  assert all(url.startswith(("file:", "blob:")) for url in requests)


def test_page_holds_the_licenses_and_the_files():
  text = _page()
  assert "(c) &lt;Them&gt;" in text and "&amp; others" in text
  assert "onnxruntime-web 1.2.3" in text
  assert "'wasm-unsafe-eval'" in text
  packed = text.split('id="runtime">')[1].split("<")[0]
  assert gzip.decompress(base64.b64decode(packed)) == _MODULE


def test_size_counts_the_runtime():
  with pytest.raises(web_page.TooLargeError, match="--max_mb"):
    web_page.live_by_onnxruntime(
      _Gan, b"ab", {}, _runtime(), ("", ""), [0.0, 1.0], [], 0.001
    )


def test_missing_files_are_named(tmp_path):
  (tmp_path / "LICENSE").write_text("")
  with pytest.raises(FileNotFoundError) as error:
    onnxruntime_web.read(str(tmp_path))
  assert "ort-wasm-simd-threaded.wasm" in str(error.value)
  assert "LICENSE" not in str(error.value)
  assert "scripts/vendor_onnxruntime_web.py" in str(error.value)


def _given(gan):
  y = np.float32([[0.0, 0.75, 0.0, 0.25, 0.0]])
  return {"z": trained.latents(gan, 1)[0], "y": y}


@pytest.mark.long
@pytest.mark.versions("exports TensorFlow's graphs")
@pytest.mark.skipif(not _HAS_FILES, reason=f"{_SCRIPT.name} has not been run")
@pytest.mark.skipif(not _HAS_ONNX, reason="there is no tf2onnx or onnxruntime")
@chromium.required
def test_both_engines_compute_what_tensorflow_does(browser, tmp_path):
  gan = trained.make("biggan")
  given = _given(gan)
  want = np.ravel(gan.generate(given["z"], given["y"], True))
  arguments = (gan, True, [*"abcde"], "", 40.0)
  pages = {
    "interpreter": (web.html(*arguments), 1e-4),
    "onnxruntime": (
      web.html_with_onnxruntime(str(_FOLDER), *arguments, False),
      1e-4,
    ),
    "half": (
      web.html_with_onnxruntime(str(_FOLDER), *arguments, True),
      1 / 255,
    ),
  }
  inputs = json.dumps({name: row[0].tolist() for name, row in given.items()})
  for name, (text, tolerance) in pages.items():
    got, requests = _ask(browser, text, tmp_path, inputs)
    np.testing.assert_allclose(got, want, atol=tolerance, err_msg=name)
    assert all(url.startswith(("file:", "blob:")) for url in requests)


# ---- The script that fetches it ----------------------------------------------


@pytest.fixture(scope="module")
def script():
  spec = importlib.util.spec_from_file_location(_SCRIPT.stem, _SCRIPT)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def test_script_unpacks_what_a_page_needs(script, tmp_path):
  with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
    for name in [*script.FROM_TARBALL, "package/dist/other.js"]:
      member = tarfile.TarInfo(name)
      member.size = len(name)
      archive.addfile(member, io.BytesIO(name.encode()))
  with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
    for name in [*script.FROM_WHEEL, "onnxruntime/other.py"]:
      archive.writestr(name, name)
  out = tmp_path / "deep" / "out"
  script.unpack(tmp_path / "a.tgz", tmp_path / "a.whl", out)
  assert {p.name for p in out.iterdir()} == {*onnxruntime_web.NAMES}
  read = onnxruntime_web.read(str(out))
  assert read.version == script.VERSION
  assert read.module.decode() == f"package/dist/{onnxruntime_web.MODULE}"
  assert read.licenses["LICENSE"] == "onnxruntime/LICENSE"


def test_script_refuses_an_archive_with_another_hash(script, tmp_path):
  path = tmp_path / "a.tgz"
  path.write_bytes(b"abc")
  # The SHA-256 of "abc", FIPS 180-2.
  integrity = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
  script.require_integrity(path, integrity)
  path.write_bytes(b"abd")
  with pytest.raises(SystemExit, match="Nothing is unpacked"):
    script.require_integrity(path, integrity)


def test_script_fills_the_folder_that_the_command_reads():
  assert f'default="{onnxruntime_web.FOLDER}"' in _SCRIPT.read_text()
  ignored = (_ROOT / ".gitignore").read_text().splitlines()
  assert "/third_party/" in ignored
