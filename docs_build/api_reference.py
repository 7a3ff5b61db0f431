"""A page for each room, which mkdocstrings fills from the docstrings.

The code is read, not imported.
"""

import ast
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
_TOP = "top"  # the page of modules that are in no room


def write(out: pathlib.Path) -> None:
  """Writes api/index.md and api/<room>.md."""
  folder = out / "api"
  folder.mkdir(parents=True, exist_ok=True)
  rows = []
  for page, modules in sorted(pages().items()):
    package = f"compare_gan.{page}" if page != _TOP else "compare_gan"
    lines = [f"# {_title(page)} {{ #{package} }}", ""]
    for module in modules:
      lines += [f"::: {module}", ""]
      if module == package:  # The page's title is its heading.
        lines[-1:] = ["    options:", "      show_root_heading: false", ""]
    (folder / f"{page}.md").write_text("\n".join(lines), encoding="utf-8")
    rows.append(f"| [{_title(page)}]({page}.md) | {_about(page)} |")
  (folder / "index.md").write_text(_INDEX + "\n".join(rows), encoding="utf-8")


_INDEX = """# Python

Every public function and class, by room. A room is a folder of `compare_gan/`;
its page begins with what lives there, and what it may import.

| Room | |
|---|---|
"""


def pages() -> dict[str, list[str]]:
  """Returns {page: modules, the package itself first}."""
  found: dict[str, list[str]] = {}
  package = ROOT / "compare_gan"
  for path in sorted(package.rglob("*.py"), key=_package_first):
    module = module_of(path.relative_to(ROOT).as_posix())
    if module.endswith("__main__"):
      continue
    found.setdefault(page_of(module), []).append(module)
  return found


def _package_first(path):
  return (path.parent, path.name != "__init__.py", path.name)


def module_of(path: str) -> str:
  """Returns "compare_gan.gans" for "compare_gan/gans/__init__.py"."""
  return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def page_of(module: str) -> str:
  """Returns the name of the page of a module: "gans", "gans.terms"."""
  path = ROOT / module.replace(".", "/")
  parts = module.split(".")[1:]
  # A module may have a folder of data with its name.
  if path.with_suffix(".py").exists() or not path.is_dir():
    parts = parts[:-1]
  return ".".join(parts) or _TOP


def place_of_module(path: str) -> str:
  """Returns the page and the anchor of a file of the package."""
  module = module_of(path)
  return f"api/{page_of(module)}.md#{module}"


def place_of_name(module: str, name: str) -> str:
  """Returns the page and the anchor of a function or class.

  A private one, or one that is made at run time, has the place of its module.
  """
  path = ROOT / (module.replace(".", "/") + ".py")
  if not path.exists():
    path = ROOT / module.replace(".", "/") / "__init__.py"
  tree = ast.parse(path.read_text(encoding="utf-8"))
  kinds = (ast.FunctionDef, ast.ClassDef)
  public = {
    node.name
    for node in tree.body
    if isinstance(node, kinds) and not node.name.startswith("_")
  }
  place = f"api/{page_of(module)}.md#{module}"
  return f"{place}.{name}" if name in public else place


def _title(page):
  return "main, runner_lib" if page == _TOP else page


def _about(page):
  """Returns the first line of a package's docstring."""
  if page == _TOP:
    return "The way in: flags, and what a schedule does."
  path = ROOT / "compare_gan" / page.replace(".", "/") / "__init__.py"
  docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
  return (docstring or "").partition("\n")[0]
