#!/usr/bin/env python3
"""Puts onnxruntime-web into a folder, for --engine=onnxruntime of `web`.

  python scripts/vendor_onnxruntime_web.py
  python scripts/vendor_onnxruntime_web.py --out FOLDER

npm fetches the package onnxruntime-web. It contains no text of its licence, so
pip fetches the wheel of ONNX Runtime of the same version, which has LICENSE and
ThirdPartyNotices.txt. Both archives must have the hashes below. Five files are
unpacked, 14 MB; git ignores the folder. Without a network:

  python scripts/vendor_onnxruntime_web.py \\
    --tarball onnxruntime-web-1.30.0.tgz \\
    --wheel onnxruntime-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl
"""

import argparse
import base64
import hashlib
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

VERSION = "1.30.0"
# As `npm view onnxruntime-web@VERSION dist.integrity` says.
INTEGRITY = (
  "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02V"
  "b7QmRMDs1SigqR4CXAfKYQ=="
)
WHEEL_INTEGRITY = "sha256-+miOeJGmqiBmNv5zcuJ+51/RdxMon2tPx7GQ4Kfekyg="
# One of them is enough: the texts are the same on every system.
WHEEL_KIND = [
  "--implementation=cp",
  "--python-version=3.12",
  "--platform=manylinux_2_28_x86_64",
]
# The module without its separate loader, and WebAssembly for the CPU alone.
FROM_TARBALL = [
  "package/dist/ort.wasm.bundle.min.mjs",
  "package/dist/ort-wasm-simd-threaded.wasm",
]
FROM_WHEEL = ["onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"]


def fetch_tarball(folder: pathlib.Path) -> pathlib.Path:
  """Returns the npm package, fetched into a folder."""
  subprocess.run(
    ["npm", "pack", "--silent", f"onnxruntime-web@{VERSION}"],
    cwd=folder,
    stdout=subprocess.DEVNULL,
    check=True,
  )
  [tarball] = folder.glob("*.tgz")
  return tarball


def fetch_wheel(folder: pathlib.Path) -> pathlib.Path:
  """Returns ONNX Runtime's wheel, fetched into a folder."""
  subprocess.run(
    [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    + ["--only-binary=:all:", *WHEEL_KIND, f"--dest={folder}"]
    + [f"onnxruntime=={VERSION}"],
    check=True,
  )
  [wheel] = folder.glob("*.whl")
  return wheel


def require_integrity(path: pathlib.Path, integrity: str) -> None:
  """Ends the script unless a file has this hash: "ALGORITHM-BASE64"."""
  algorithm, _ = integrity.split("-", 1)
  digest = hashlib.new(algorithm, path.read_bytes()).digest()
  found = f"{algorithm}-{base64.b64encode(digest).decode()}"
  if found != integrity:
    raise SystemExit(
      f"{path} has the hash {found} instead of {integrity}: it is not the "
      f"archive of version {VERSION}, or it was changed. Nothing is unpacked."
    )


def unpack(
  tarball: pathlib.Path, wheel: pathlib.Path, out: pathlib.Path
) -> None:
  """Writes the files that a page needs into a folder."""
  out.mkdir(parents=True, exist_ok=True)
  with tarfile.open(tarball) as archive:
    for name in FROM_TARBALL:
      content = archive.extractfile(name).read()
      (out / pathlib.PurePosixPath(name).name).write_bytes(content)
  with zipfile.ZipFile(wheel) as archive:
    for name in FROM_WHEEL:
      content = archive.read(name)
      (out / pathlib.PurePosixPath(name).name).write_bytes(content)
  (out / "version.txt").write_text(f"{VERSION}\n")


def main() -> None:
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument(
    "--out", type=pathlib.Path, default="third_party/onnxruntime-web"
  )
  parser.add_argument("--tarball", type=pathlib.Path, help="instead of npm")
  parser.add_argument("--wheel", type=pathlib.Path, help="instead of pip")
  args = parser.parse_args()
  with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    tarball = args.tarball or fetch_tarball(folder)
    wheel = args.wheel or fetch_wheel(folder)
    require_integrity(tarball, INTEGRITY)
    require_integrity(wheel, WHEEL_INTEGRITY)
    unpack(tarball, wheel, args.out)
  print(f"Put onnxruntime-web {VERSION} into {args.out}.")


if __name__ == "__main__":
  main()
