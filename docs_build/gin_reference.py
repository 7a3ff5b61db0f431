"""A page for each room with every name that gin knows.

What is said of a parameter is what `compare_gan explain` says of it.
"""

import collections
import pathlib

from compare_gan.checks import explanation
from compare_gan.checks import known
from compare_gan.checks import meanings
from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds
from compare_gan.configuration import late_names
from compare_gan.study.define import definition  # noqa: F401  (study.*)

from docs_build import api_reference
from docs_build import text

_TITLES = {
  "tensorflow": "Names of TensorFlow",
  "tfgan": "Names of TF-GAN",
}


def write(out: pathlib.Path) -> None:
  """Writes gin/index.md and gin/<room>.md."""
  gin_files.register()
  late_names.load_all()
  folder = out / "gin"
  folder.mkdir(parents=True, exist_ok=True)
  chosen_by = _chosen_by()
  rooms = collections.defaultdict(list)
  for name in known.all_names():
    rooms[room_of(name)].append(known.find(name))
  for room, found in rooms.items():
    page = [f"# {title_of(room)}", "", _intro(room), ""]
    page += [_section(one, chosen_by) for one in found]
    (folder / f"{room}.md").write_text("\n".join(page), encoding="utf-8")
  (folder / "index.md").write_text(_index(rooms), encoding="utf-8")


def room_of(name: str) -> str:
  """Returns the page of a name: a room, "tensorflow" or "tfgan"."""
  for prefix, room in (("tf.", "tensorflow"), ("tfgan.", "tfgan")):
    if name.startswith(prefix):
      return room
  return known.find(name).made.__module__.split(".")[1]


def title_of(room: str) -> str:
  return _TITLES.get(room, room)


def place_of(name: str) -> str:
  """Returns the page and the anchor of a name."""
  return f"gin/{room_of(name)}.md#{anchor(name)}"


def anchor(name: str) -> str:
  return f"gin-{name}"


def _chosen_by():
  """Returns {name: what chooses it}."""
  found = {}
  for title, kind in kinds.kinds().items():
    if title != "yours":
      for entry in kind.entries():
        if entry.name.startswith("@"):
          found[entry.name[1:]] = (title, kind.chosen_by)
  return found


def _intro(room):
  if room in _TITLES:
    return (
      "These names are registered by this library, so that gin files written "
      "for TensorFlow 1 work with every TensorFlow."
    )
  return (
    f"Names that `compare_gan/{room}/` registers with gin. "
    f"[The same room in Python](../api/{room}.md)."
  )


def _section(one, chosen_by):
  """Returns the Markdown of a Configurable."""
  lines = [f"## `{one.name}` {{ #{anchor(one.name)} }}", ""]
  lines += [
    text.description(meanings.docstring(one.made)) or "No description.",
    "",
  ]
  facts = []
  if one.name in chosen_by:
    kind, by = chosen_by[one.name]
    facts.append(f"One of *{kind}*, chosen by `{by}`.")
  papers = meanings.papers(one.made)
  if papers:
    facts.append("Paper: " + ", ".join(map(text.link_to_paper, papers)) + ".")
  module = one.made.__module__
  if module.startswith("compare_gan."):
    place = api_reference.place_of_name(module, one.made.__qualname__)
    facts.append(f"Code: [`{module}`](../{place}).")
  lines += [" ".join(facts), ""]
  entries = explanation.parameters_of(one.name)
  if entries:
    lines.append(text.table(_HEAD, list(map(_row, entries))))
  if one.takes_all:
    lines += ["Other keyword arguments are passed on.", ""]
  if not entries and not one.takes_all:
    lines += ["It has no parameters for gin.", ""]
  return "\n".join(lines)


_HEAD = ["Parameter", "Default", "Accepts", "Meaning"]


def _row(entry):
  plain = entry.name.rpartition(".")[2]
  default = text.code(_short(entry.default)) if entry.default else "*required*"
  return [
    f"`{plain}`",
    default,
    text.escaped(entry.accepted),
    text.escaped(entry.meaning),
  ]


def _short(default):
  """Returns a default without line breaks."""
  return " ".join(default.split())


def _index(rooms):
  count = sum(map(len, rooms.values()))
  parameters = sum(
    len(one.parameters) for each in rooms.values() for one in each
  )
  lines = [
    "# Everything that gin can set",
    "",
    f"{count} names with {parameters} parameters, read from the code when this "
    "site was built. On the command line, `python -m compare_gan explain` "
    "prints the same facts for the parameters that a card uses, with their "
    "values.",
    "",
  ]
  rows = [
    [
      f"[{title_of(room)}]({room}.md)",
      ", ".join(
        f"[`{one.name}`]({room}.md#{anchor(one.name)})" for one in found
      ),
    ]
    for room, found in sorted(rooms.items())
  ]
  return "\n".join(lines) + "\n" + text.table(["Room", "Names"], rows)
