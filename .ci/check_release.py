"""Whether a release can go out: python .ci/check_release.py [v1.2.3]

compare_gan/version.py decides. CITATION.cff and recipe/recipe.yaml must have
its version, CHANGELOG.md a section of it, and the tag, if one is given, its
name.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def _found(path, pattern):
  match = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
  return match.group(1) if match else None


def versions(root: pathlib.Path = ROOT) -> dict[str, str]:
  """Returns {file: version} of the files that state one."""
  patterns = {
    "compare_gan/version.py": r'^__version__ = "(.+)"$',
    "CITATION.cff": r"^version: (\S+)$",
    "recipe/recipe.yaml": r'^  version: "(.+)"$',
  }
  return {
    name: _found(root / name, pattern) for name, pattern in patterns.items()
  }


def problems(tag: str = "", root: pathlib.Path = ROOT) -> list[str]:
  """Returns what stands in the way of a release, one sentence each.

  Args:
    tag: such as "v1.2.3"; "" if there is none yet.
    root: of the checkout.
  """
  stated = versions(root)
  version = stated["compare_gan/version.py"]
  found = [
    f"{name} has version {other}, compare_gan/version.py has {version}."
    for name, other in stated.items()
    if other != version
  ]
  if tag and tag != f"v{version}":
    found.append(f"The tag is {tag}, but the version is {version}.")
  section = rf"^## ({re.escape(version)})(?![\w.])"
  if tag and _found(root / "CHANGELOG.md", section) is None:
    found.append(f"CHANGELOG.md has no section '## {version}'.")
  return found


def main(words: list[str]) -> int:
  found = problems(*words)
  print("\n".join(found) or "All files have the same version.")
  return 1 if found else 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
