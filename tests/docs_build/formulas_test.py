from compare_gan.configuration import kinds
import pytest

from docs_build import formulas


@pytest.mark.parametrize(
  "kind,known",
  [
    ("losses", formulas.LOSSES),
    ("penalties", formulas.PENALTIES),
    ("metrics", {*formulas.METRICS, *formulas.WITHOUT}),
  ],
)
def test_each_loss_penalty_and_metric_has_a_formula_or_an_excuse(kind, known):
  names = {
    entry.name[1:]
    for entry in kinds.kinds()[kind].entries()
    if entry.source.startswith("compare_gan/")  # not a test's own
  }
  assert names == set(known)


def test_an_excuse_is_not_given_twice():
  assert not formulas.WITHOUT & set(formulas.METRICS)
