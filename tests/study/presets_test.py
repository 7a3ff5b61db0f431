"""The studies of configs/studies/: how many runs, and that all can be built."""

import pathlib

from compare_gan.study.define import definition
from compare_gan.study.define import plan
import pytest

_FOLDER = pathlib.Path(__file__).parents[2] / "configs" / "studies"
_COUNTS = {
  # Penalties x norms, and half of them with another loss; 2 seeds.
  "regularization_mini": (4 * 2 + 2 * 2) * 2,
  # 2 networks x 4 losses x 4, and 2 x 2 x 2, and 2 x 2; 2 settings, 3 seeds.
  "regularization_cifar10": (32 + 8 + 4) * 2 * 3,
  # The ten best of them and none, 2 losses, 2 networks, 3 rates; 1 seed.
  "regularisers_2026_cifar10": 11 * 2 * 2 * 3,
  # Five of them and none, 4 losses, 2 networks, 3 rates; 2 fresh seeds.
  "regularisers_2026_winners": 6 * 4 * 2 * 3 * 2,
  # 26 regularisers and none, 2 losses, 2 networks, 3 rates; 2 seeds.
  "regularisers_2026": 27 * 2 * 2 * 3 * 2,
  # 3 strengths of the 22 regularisers that have one, and none; 2 settings.
  "regularisers_2026_tuning": (22 * 3 + 1) * 2,
  # The card, and 3 + 1 + 1 + 2 + 1 + 3 + 1 + 1 + 1 + 1 changes; 3 seeds.
  "biggan_ablation": 16 * 3,
  # 6 cards; 3 seeds. On photographs as well.
  "networks_shapes32": 6 * 3,
  "networks_cifar10": 6 * 3,
  # 5 models x 4 datasets.
  "study_1711_10337": 20 * (100 + 50 + 50),
  # For each dataset. Without a penalty there are 12 fixed settings, else 24,
  # with 5 seeds; then 120 of the bandit.
  #   SNDCGAN: (a) 2 + 3 cells, (b) 2 x (2 + 1), (c) 3.
  #   ResNet19: (a) 4 + 3, (b) 2 x (2 + 1), (c) 6.
  "study_1807_04720": 3
  * (
    (2 + 4 + 4 + 4) * (12 * 5 + 120) + (3 + 2 + 3 + 3 + 2 + 6) * (24 * 5 + 120)
  ),
}


def _load(name, *bindings):
  return definition.load(str(_FOLDER / f"{name}.gin"), bindings)


def test_all_studies_are_counted():
  assert {path.stem for path in _FOLDER.glob("*.gin")} == set(_COUNTS)


@pytest.mark.parametrize("name", _COUNTS)
def test_counts(name):
  study = _load(name)
  counted = plan.count(study)
  assert counted["runs"] == _COUNTS[name]
  assert counted["runs"] == sum(counted["phases"].values())
  assert counted["runs"] == sum(s["runs"] for s in counted["slices"])
  assert f"{_COUNTS[name]} runs" in plan.describe(study)


@pytest.mark.long
@pytest.mark.parametrize("name", _COUNTS)
def test_all_cells_can_be_built(name):
  assert plan.impossible_cells(_load(name)) == {}


@pytest.mark.parametrize("name", _COUNTS)
def test_every_cell_has_the_score(name):
  assert plan.with_declared_direction(_load(name)).minimize is True


@pytest.mark.parametrize("data", ["cifar10", "celebahq128", "lsun-bedroom"])
def test_first_slice_of_1807_04720(data):
  """One dataset, ResNet19: 600 runs of fixed settings, 840 of the bandit."""
  part = f'"data": "{data}", "arch": "resnet19", "loss": "ns"'
  study = _load(
    "study_1807_04720",
    f'study.slices = [{{{part}, "norm": "none"}}, '
    f'{{{part}, "penalty": "none"}}]',
  )
  counted = plan.count(study)
  assert counted["cells"] == 7
  assert counted["phases"] == {"fixed_sets": 600, "gp_bandit": 840}
  assert counted["runs"] == 1440
  runs, complete = plan.runs(study, {})
  assert len(runs) == 600 and not complete


@pytest.mark.long
def test_steps_of_1807_04720():
  runs, _ = plan.runs(_load("study_1807_04720"), {})
  steps = {
    (run.cell["arch"], run.cell["data"]): run.bindings["options.training_steps"]
    for run in runs
  }
  assert steps == {
    ("sndcgan", "cifar10"): "200000",
    ("sndcgan", "celebahq128"): "100000",
    ("sndcgan", "lsun-bedroom"): "100000",
    ("resnet19", "cifar10"): "200000",
    ("resnet19", "celebahq128"): "200000",
    ("resnet19", "lsun-bedroom"): "200000",
  }


def test_phases_of_1711_10337():
  study = _load("study_1711_10337")
  of_phases = plan.count(study)["phases"]
  assert of_phases == {"wide": 2000, "narrow": 1000, "repeat_best": 1000}
  first = plan.runs(study, {})[0][0]
  assert first.settings["lr"] == 1e-4 and study.seed == 123


def test_last_phase_of_1711_10337_repeats_the_best():
  """1e-4 is the smallest score of 150, and its first seed is there already."""
  study = _load(
    "study_1711_10337",
    'study.slices = [{"model": "gan", "data": "mnist"}]',
  )
  runs, complete = plan.runs(study, {})
  assert len(runs) == 150 and not complete
  scores = {run.id: 10.0 + run.order for run in runs}
  best = runs[70]
  scores[best.id] = 1.0
  more, complete = plan.runs(study, scores)
  assert complete and len(more) == 150 + 49
  new = [run for run in more if run not in runs]
  assert all(run.settings == best.settings for run in new)
  assert sorted(run.seed for run in new) == list(range(2, 51))


def test_lambda_of_l2_has_ranges_of_its_own():
  study = _load(
    "study_1807_04720",
    'study.slices = [{"data": "cifar10", "arch": "sndcgan", "loss": "ns", '
    '"norm": "none", "penalty": ["gp", "l2"]}]',
    "study.search = [@gp_bandit()]",
  )
  lambdas = {"gp": [], "l2": []}
  for run in plan.runs(study, {})[0]:
    lambdas[run.cell["penalty"]].append(run.settings["lamba"])
  # One in each tenth of the logarithm of the range.
  assert min(lambdas["l2"]) < 1e-3 and max(lambdas["l2"]) > 1.0
  assert min(lambdas["gp"]) < 1.0 and max(lambdas["gp"]) > 30.0
