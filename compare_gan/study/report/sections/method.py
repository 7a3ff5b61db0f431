"""How the figures came about."""

from compare_gan.pictures import html_page
from compare_gan.study.report import sections
from compare_gan.study.report import words
from compare_gan.study.report.statistics import costs as costs_lib
from compare_gan.study.report.statistics import summary as summary_lib
from compare_gan.study.run import table as table_lib

PLACE = 20
_RULES = {
  "last": "of the last checkpoint",
  "best": "of the checkpoint that is best by this score",
  "min": "the best over all checkpoints, each metric by itself",
}


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  return sections.Section(
    "How the figures were computed",
    html="<dl></dl>",
    data={"facts": facts(report.table, report.summary)},
    script=html_page.read_beside(__file__, "method.js"),
  )


def facts(
  table: table_lib.Table, summary: summary_lib.Summary
) -> list[tuple[str, str]]:
  """Returns [(what, text)]: how the figures were computed."""
  study = table.study
  better = "lower" if table_lib.is_minimized(study) else "higher"
  rule = study.get("checkpoint", "last")
  states = sorted({row.status for row in table.rows})
  counts = [
    f"{sum(row.status == state for row in table.rows)} {state}"
    for state in states
  ]
  percent = study.get("top_percent", 5)
  return [
    ("Score", f"{study['score']}, {better} is better, {_RULES[rule]} ({rule})"),
    ("Runs", f"{len(table.rows)}: {', '.join(counts)}"),
    (
      "Settings",
      f"{len(summary.settings)}, each a cell of the axes with its hyper-"
      f"parameters, trained with up to {study.get('seeds', 1)} seeds",
    ),
    ("Seeds", _seeds(study)),
    (
      "Value of a setting",
      "the median over its seeds. A training that failed or collapsed counts "
      f"as infinitely bad, and where a mean is taken over settings, as "
      f"{words.number(costs_lib.sign(study) * summary.worst)}, the worst "
      "value that any setting reached",
    ),
    (
      "Top percent",
      f"boxes of the best {percent:g} % of the settings of each value, at "
      "least one: best-of-n figures, which improve with the number of settings",
    ),
    (
      "Budget",
      "E[min of k] over settings drawn without replacement (exact), drawn "
      "independently (i.i.d.), and simulated 1,000 times with the phases in "
      f"their order ({', '.join(study.get('phases') or ['one phase'])}): "
      "descriptions of these settings. The band of the simulated curve is the "
      "spread over orders, not a confidence interval. Where the settings are "
      "independent draws, of one random search, there is an interval of 95 % "
      "for the median best of k new settings, from order statistics, up to k "
      "= n / 5.3",
    ),
    ("Effects", _effects(summary)),
    (
      "Protocol",
      ", ".join(summary_lib.protocols(table)) or "none is known",
    ),
  ]


def _seeds(study):
  """Returns how a setting's seeds differ, and whether some were added later."""
  seeds = study.get("seeds", 1)
  if study.get("seeds_data"):
    differ = (
      "They differ in the first weights, in the noise and, where the study "
      "does not bind dataset.seed, in the order of the images and their flips: "
      "dataset.seed follows the run's seed"
    )
  elif "seeds_data" in study or study.get("phases") != ["imported"]:
    differ = (
      "They differ in the first weights and in the noise. The order of the "
      "images and their flips are the same for all, those of dataset.seed"
    )
  else:
    differ = "How they differ is not known: the scores were imported"
  first = study.get("seeds_at_first", seeds)
  if first >= seeds:
    return f"{differ}. None was added after the study had begun"
  return (
    f"{differ}. The study was begun with {first} and has {seeds}: "
    f"{seeds - first} added later. Adding seeds until a difference shows "
    "finds false ones more often than p says"
  )


def _effects(summary):
  """Returns a text on the unit, the tests and the family of the effects."""
  compared = [each for found in summary.comparisons.values() for each in found]
  family = [each for each in compared if each.tested]
  tests = sorted({each.found.test for each in compared})
  few = "; the others have, by rule, too few settings or seeds to reach p < .05"
  if len(family) == len(compared):
    few = ""
  return (
    "The unit is the setting: settings that differ in one axis only are "
    "matched, with any seeds, and the costs of their seeds are averaged. With "
    "6 settings or more the test is Wilcoxon's signed-rank one, exact up to "
    "100; the estimate is that of Hodges and Lehmann, its interval of 95 % is "
    "the test's own, uncorrected. With 2 to 5 settings the test is Student's "
    "t, which assumes normal differences, and no claim is made. With a single "
    "setting the seeds are the unit, by Mann and Whitney's exact test, or "
    "Welch's t where their numbers differ. Here: "
    f"{'; '.join(tests) or 'nothing'}. The family of Holm's correction is the "
    f"whole report: {len(family)} of {len(compared)} comparisons{few}. A "
    "failure costs the worst value among the runs compared; settings where "
    "all of them failed are left out. Other metrics, shares of failures and "
    "probabilities of being better (P) are exploratory. A claim is about "
    "settings like these, within the values of the other axes that were tried"
  )
