"""What can be chosen: each name with formula, paper, parameters and cards."""

from collections.abc import Sequence
import inspect
import pathlib
import re

from compare_gan.checks import known
from compare_gan.checks import meanings
from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds
from compare_gan.metrics import contract

from docs_build import api_reference
from docs_build import formulas
from docs_build import gin_reference
from docs_build import listings
from docs_build import text

# The converter puts an exponent on what is in braces, else on the bar alone.
_NORM = re.compile(r"(\\lVert .*? \\rVert)")

# Page -> (title, first lines, kinds).
_PAGES = {
  "architectures": (
    "Architectures",
    "`options.architecture` chooses one, a file with a Generator and a "
    "Discriminator. Your own file is chosen by its dotted path.",
    ("architectures",),
  ),
  "losses": (
    "Losses",
    "`loss.fn` chooses one. D(x) is the logit, ζ(t) = log(1 + eᵗ), σ is the "
    "sigmoid, E the mean over the batch, x̂ a fake image.",
    ("losses",),
  ),
  "regularisers": (
    "Regularisers",
    "[Terms](../regularisers.md) are added to the loss of D "
    "(`penalty.terms`) or of G (`g_penalty.terms`), each with a weight, an "
    "interval and a schedule. x̂ is a fake image, W a kernel as a matrix whose "
    "columns are the filters, σ(W) its largest singular value.",
    ("penalties",),
  ),
  "normalizers": (
    "Normalizers and class heads",
    "Norms of activations, parametrisations of kernels, and what D says of "
    "classes.",
    ("norms", "kernels", "heads"),
  ),
  "metrics": (
    "Metrics",
    "`evaluate.metrics` chooses some. [Metrics](../metrics.md) explains the "
    "protocol that every score carries. x and x̂ are rows of features of real "
    "and fake images, d is their dimension, t a training row.",
    ("metrics",),
  ),
  "more": (
    "Everything else",
    "What other parameters and flags choose.",
    (
      "gans",
      "features",
      "optimizers",
      "schedules",
      "watchdogs",
      "trackers",
      "bundles",
      "datasets",
      "devices",
      "hooks",
      "looks",
      "exports",
      "executors",
      "report_sections",
    ),
  ),
}


def write(root: pathlib.Path, out: pathlib.Path) -> None:
  """Writes gallery/*.md."""
  folder = out / "gallery"
  folder.mkdir(parents=True, exist_ok=True)
  all_kinds = kinds.kinds()
  cards = _Cards()
  for page, (title, about, names) in _PAGES.items():
    lines = [f"# {title}", "", about, ""]
    level = "##"
    for name in names:
      if len(names) > 1:
        kind = all_kinds[name]
        lines += [f"## {_words(name)} {{ #{name} }}", ""]
        lines += [f"Chosen by `{kind.chosen_by}`.", ""]
        level = "###"
      for entry in all_kinds[name].entries():
        lines += _section(entry, name, level, cards, root)
    (folder / f"{page}.md").write_text("\n".join(lines), encoding="utf-8")
  (folder / "index.md").write_text(_index(all_kinds), encoding="utf-8")


def pages_of_kinds() -> dict[str, str]:
  """Returns {kind: page}, of all kinds but gin files and users' own names."""
  return {kind: page for page, (_, _, all_) in _PAGES.items() for kind in all_}


def _words(kind):
  return kind.replace("_", " ").capitalize()


def _index(all_kinds):
  counts = {name: len(kind.entries()) for name, kind in all_kinds.items()}
  rows = []
  for page, (title, _, names) in _PAGES.items():
    listed = ", ".join(
      f"{counts[name]} {name.replace('_', ' ')}" for name in names
    )
    rows.append([f"[{title}]({page}.md)", listed])
  rows.append(
    [
      "[Cards, presets, studies](../reference/cards.md)",
      f"{counts['cards']} cards, {counts['presets']} presets, "
      f"{counts['studies']} studies",
    ]
  )
  return (
    "# Gallery\n\nEverything that you can choose by name. `python -m "
    "compare_gan list` prints the same names, and those of your own modules "
    "too.\n\n" + text.table(["Page", "What is there"], rows)
  )


def anchor(kind: str, name: str) -> str:
  """Returns the anchor of a name, "losses-hinge"."""
  return f"{kind}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-')}"


# ---- Sections ----------------------------------------------------------------


def _section(entry, kind, level, cards, root) -> list[str]:
  """Returns the Markdown lines of one name."""
  plain = entry.name.removeprefix("@")
  lines = [f"{level} `{entry.name}` {{ #{anchor(kind, plain)} }}", ""]
  lines += [text.escaped(entry.about), ""]
  lines += formula(plain)
  one = known.find_or_none(plain) if entry.name.startswith("@") else None
  if one is not None:
    lines += _more(one, entry.about)
  lines += _facts(entry, plain, kind, one, cards)
  if kind == "architectures":
    lines += _pictures(cards.of(plain), root)
  return lines


def formula(name: str) -> list[str]:
  """Returns the lines of a formula as MathML, none if a name has none."""
  found = formulas.of(name)
  if not found:
    return []
  # Of the extra `docs`; whatever else is here needs no more than the library.
  from latex2mathml import converter

  shown = "".join(
    converter.convert(_NORM.sub(r"{\1}", line), display="block")
    for line in found
  )
  return [f'<div class="formula">{shown}</div>', ""]


def _more(one, about):
  """Returns a docstring without its first paragraph, if this stands above."""
  described = text.description(inspect.getdoc(one.made) or "")
  first, _, rest = described.partition("\n\n")
  shown = text.escaped(about) in first
  parts = [] if shown else [first]
  return [line for part in (*parts, rest) if part for line in (part, "")]


def _facts(entry, plain, kind, one, cards) -> list[str]:
  facts = []
  papers = meanings.papers(one.made) if one else _papers_in(entry.source)
  if papers:
    facts.append(("Paper", ", ".join(map(text.link_to_paper, papers))))
  if kind == "metrics":
    facts += _scores(one.made)
  if one is not None:
    names = ", ".join(f"`{name}`" for name in one.parameters) or "none"
    place = gin_reference.place_of(plain)
    facts.append(("Parameters", f"{names} ([gin](../{place}))"))
  elif kind == "architectures":
    facts.append(("Parameters", _parts(plain)))
  if entry.source.endswith(".py"):
    place = api_reference.place_of_module(entry.source)
    facts.append(("Code", f"[`{entry.source}`](../{place})"))
  found = cards.of(plain)
  if found:
    facts.append(("Cards", ", ".join(map(_link_to_card, found))))
  return [*(f"- **{name}:** {value}" for name, value in facts), ""]


def _papers_in(source):
  path = pathlib.Path(api_reference.ROOT) / source
  if path.suffix == ".zip":  # A bundle has a card of its own.
    return []
  words = path.read_text(encoding="utf-8").partition('"""')[2]
  found = re.findall(r"arxiv\.org/abs/(\d{4}\.\d{4,5})", words.split('"""')[0])
  return [f"https://arxiv.org/abs/{one}" for one in dict.fromkeys(found)]


def _scores(made):
  """Returns the scores that a metric declares, as one fact each."""
  arrows = {"lower": "lower is better", "higher": "higher is better"}
  found = [
    f"`{score.name}` ({arrows.get(score.better, 'describes only')}"
    f"{', ' + score.unit if score.unit else ''})"
    for score in contract.scores_of(made)
  ]
  return [("Scores", ", ".join(found))]


def _parts(name):
  """Returns links to the configurables of an architecture."""
  module = name.removesuffix("_arch")
  found = [
    one
    for one in known.all_names()
    if known.find(one).made.__module__ == f"compare_gan.architectures.{module}"
  ]
  return ", ".join(
    f"[`{one}`](../{gin_reference.place_of(one)})" for one in found
  )


def _pictures(cards: Sequence[str], root) -> list[str]:
  lines = []
  for card in cards:
    name = pathlib.Path(card).stem
    if (root / "docs" / f"{name}.png").exists():
      lines += [f"![Images of {name}](../{name}.png){{ .samples }}", ""]
  return lines


def _link_to_card(path):
  name = path.removeprefix("configs/")
  return f"[`{name}`](../reference/cards.md#{listings.anchor_of_card(path)})"


class _Cards:
  """Which gin files name what."""

  def __init__(self):
    self._words = {}
    for room in ("", "regularisers", "studies"):
      for file in gin_files.cards(room):
        path = pathlib.Path(file)
        body = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        prefix = f"configs/{room}/" if room else "configs/"
        self._words[prefix + path.name] = set(
          re.findall(r"@(?:\w+/)?([\w.]+)|\"(\w+_arch)\"", body)
        )

  def of(self, name: str) -> list[str]:
    """Returns the files that name something, relative to the repository."""
    return [
      path
      for path, words in self._words.items()
      if any(name in pair for pair in words)
    ]
