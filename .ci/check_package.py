"""Whether dist/ holds what it should: python .ci/check_package.py [dist]

One sdist and one wheel, of the version in compare_gan/version.py. The wheel
holds the files of compare_gan/ and configs/ in this checkout byte for byte, and
nothing else. The sdist builds the same wheel, which pip and uv can install.
"""

import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
_LEFT_OUT = {"__pycache__", ".DS_Store"}


def wanted(root: pathlib.Path = ROOT) -> dict[str, bytes]:
  """Returns {name in the wheel: contents} of what a checkout should give."""
  found = {}
  for folder, inside in (
    ("compare_gan", "compare_gan"),
    ("configs", "compare_gan/configs"),
  ):
    for path in sorted((root / folder).rglob("*")):
      if path.is_file() and not _LEFT_OUT & set(path.parts):
        name = path.relative_to(root / folder).as_posix()
        found[f"{inside}/{name}"] = path.read_bytes()
  return found


def contents(wheel: pathlib.Path) -> dict[str, bytes]:
  """Returns {name: contents} of a wheel."""
  with zipfile.ZipFile(wheel) as archive:
    return {name: archive.read(name) for name in archive.namelist()}


def problems(
  inside: dict[str, bytes], files: dict[str, bytes], version: str
) -> list[str]:
  """Returns what is wrong with a wheel, one sentence each.

  Args:
    inside: `contents` of the wheel.
    files: `wanted` ones.
    version: the one that its metadata should have.
  """
  about = f"compare_gan-{version}.dist-info"
  code = {name for name in inside if not name.startswith(f"{about}/")}
  found = [f"{name} is missing." for name in sorted(set(files) - code)]
  found += [
    f"{name} should not be there." for name in sorted(code - set(files))
  ]
  found += [
    f"{name} differs from the checkout."
    for name in sorted(code & set(files))
    if inside[name] != files[name]
  ]
  if not any(name.endswith("/LICENSE") for name in inside):
    found.append("LICENSE is missing.")
  return found


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
  """Returns the names of what two wheels do not share."""
  return sorted(
    name
    for name in first.keys() | second.keys()
    if first.get(name) != second.get(name)
  )


def version_of(root: pathlib.Path = ROOT) -> str:
  text = (root / "compare_gan" / "version.py").read_text(encoding="utf-8")
  return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def _build(folder, out):
  """Builds a wheel from a folder; returns {name: contents}."""
  subprocess.run(
    [
      *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
      *("--outdir", str(out), str(folder)),
    ],
    check=True,
    stdout=subprocess.DEVNULL,
  )
  [wheel] = pathlib.Path(out).glob("*.whl")
  return contents(wheel)


def _from_sdist(sdist, scratch):
  """Returns the contents of the wheel that an sdist builds."""
  with tarfile.open(sdist) as archive:
    archive.extractall(scratch)
  [folder] = pathlib.Path(scratch).iterdir()
  return _build(folder, folder / "dist")


def _installed_version(wheel, scratch, installer):
  """Returns what `compare_gan --version` prints in a new environment."""
  place = pathlib.Path(scratch) / installer
  quiet = {"check": True, "stdout": subprocess.DEVNULL}
  # Without what it needs: the program answers before it imports any of it.
  if installer == "uv":
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", str(place)], **quiet)
    python = ["--python", str(place / "bin" / "python")]
    add = [*uv, "pip", "install", "--quiet", *python, "--no-deps"]
  else:
    subprocess.run([sys.executable, "-m", "venv", str(place)], **quiet)
    add = [str(place / "bin" / "python"), "-m", "pip", "install", "--no-deps"]
  subprocess.run([*add, str(wheel)], **quiet)
  program = [str(place / "bin" / "compare_gan"), "--version"]
  return subprocess.run(
    program, check=True, cwd=scratch, capture_output=True, text=True
  ).stdout.strip()


def _version_of_recipe(path):
  """Returns the version of the conda package that a recipe describes."""
  import rattler_build

  recipe = rattler_build.Stage0Recipe.from_yaml(path.read_text("utf-8"))
  [made] = recipe.render(rattler_build.VariantConfig())
  return made.recipe.to_dict()["package"]["version"]


def main(dist: pathlib.Path) -> int:
  version = version_of()
  [wheel], [sdist] = list(dist.glob("*.whl")), list(dist.glob("*.tar.gz"))
  found = []
  if not wheel.name.startswith(f"compare_gan-{version}-py3-none-any"):
    found.append(f"{wheel.name} is not of version {version}, or not for all.")
  inside = contents(wheel)
  found += problems(inside, wanted(), version)
  with tempfile.TemporaryDirectory() as scratch:
    differ = differences(inside, _from_sdist(sdist, scratch))
  if differ:
    found.append(f"The sdist builds another wheel: {', '.join(differ)} differ.")
  with tempfile.TemporaryDirectory() as scratch:
    for installer in ("pip", "uv"):
      said = _installed_version(wheel, scratch, installer)
      if said != f"compare_gan {version}":
        found.append(f"Installed by {installer}, its --version is {said!r}.")
  if _version_of_recipe(ROOT / "recipe" / "recipe.yaml") != version:
    found.append(f"recipe/recipe.yaml is not of version {version}.")
  print("\n".join(found) or f"{wheel.name} and {sdist.name} are as they should")
  return 1 if found else 0


if __name__ == "__main__":
  sys.exit(main(pathlib.Path(*sys.argv[1:2] or ["dist"])))
