"""docs/metrics.md has a table of all scores, which is what metrics declare."""

import inspect
import re

from compare_gan.configuration import kinds
from compare_gan.metrics import contract
import gin

from tests import plain_shell

_ROW = re.compile(
  r"\| `@(\w+)` \| (`.*`) \| ([\w, ]+) \| ([\w, ]+) \| (.+) \| .*\|"
)


def _table():
  """Returns {metric: (scores, directions, needs, cost)} of the document."""
  path = plain_shell.ROOT / "docs" / "metrics.md"
  text = path.read_text(encoding="utf-8")
  _, _, table = text.partition("| metric | scores | better | needs |")
  rows = map(_ROW.fullmatch, table.partition("\n\n")[0].splitlines()[2:])
  return {name: rest for name, *rest in (row.groups() for row in rows)}


def _metrics():
  found = {}
  for name, _, source in kinds.kinds()["metrics"].entries():
    if source.startswith("compare_gan/"):  # gin forgets no name of a test.
      found[name[1:]] = inspect.unwrap(gin.get_configurable(name[1:]))
  return found


def test_the_table_has_every_metric():
  assert list(_table()) == sorted(_metrics())


def test_the_table_says_what_metrics_declare():
  for name, (scores, better, needs, _) in _table().items():
    metric = _metrics()[name]
    declared = contract.scores_of(metric)
    assert scores == ", ".join(f"`{score.name}`" for score in declared)
    ways = [score.better for score in declared]
    assert better.split(", ") in (ways, sorted(set(ways))), name
    words = [
      word.replace("_features", " rows").replace("_", " ")
      for word in contract.needs(metric)
    ]
    assert needs == ", ".join(words), name
