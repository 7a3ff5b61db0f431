"""What a run needs, by its bindings."""

from compare_gan.datasets import in_memory
from compare_gan.memory import memory_limit
from compare_gan.study.define import plan
from compare_gan.study.run import needs
from compare_gan.study.run import room
import pytest

from tests.study import small

pytestmark = pytest.mark.versions("a step is traced with TensorFlow's ops")


def runs(study):
  return plan.runs(study, {})[0]


@pytest.fixture
def _base(monkeypatch):
  monkeypatch.setattr(memory_limit, "resident", lambda: 500 * 2**20)


def test_a_run_needs_a_process_and_its_step(load, _base):
  study = load()
  run = runs(study)[0]
  step = needs.step_mb(run)
  assert 80 < step < 200  # A tiny one is what step_memory.py adds to all.
  assert needs.Needs(study)(run) == (500 + step, "by an estimate", True)


def test_images_that_stay_in_memory_count(load, monkeypatch):
  def needed_with(images):
    monkeypatch.setattr(
      in_memory.InMemoryDataset,
      "bytes_in_memory",
      lambda self, split: {"train": images}[split],
    )
    return needs.step_mb(runs(load())[0])

  assert needed_with(2**30) == pytest.approx(needed_with(0) + 1024)


def test_a_network_whose_class_has_an_underscore_is_traced(load):
  """A graph has no scope of such a name at its root."""
  base = small.BASE.replace(
    "tests.architectures.own_architecture", "dcgan_arch"
  )
  base += "dcgan.Generator.ch = 1\ndcgan.Discriminator.ch = 1\n"
  assert needs.step_mb(runs(load(base=base))[0]) > 80


def test_larger_batches_need_more(load):
  run = runs(load())[0]
  larger = needs.step_mb(run, [f"--gin_bindings=options.batch_size={2**20}"])
  assert larger > 1.2 * needs.step_mb(run)


def test_equal_sizes_are_traced_once(load, _base, monkeypatch):
  asked = []
  monkeypatch.setattr(
    needs, "step_mb", lambda run, flags: asked.append(run) or 1.0
  )
  study = load("study.seeds = 3")
  needed = needs.Needs(study)
  assert {needed(run).mb for run in runs(study)} == {501.0}
  cells = {tuple(run.cell.items()) for run in runs(study)}
  assert len(asked) == len(cells) < len(runs(study))


def test_the_limit_of_a_study_is_what_counts(load):
  study = load("study.memory_mb = 700")
  need = needs.Needs(study)(runs(study)[0])
  assert need == (700, "by study.memory_mb", False)


def test_what_cannot_be_traced_counts_as_usual(load):
  run = runs(load())[0]
  wrong = run._replace(
    bindings={**run.bindings, "options.architecture": "'none_arch'"}
  )
  study = load()
  assert needs.step_mb(wrong) is None
  assert needs.Needs(study)(wrong).mb == room.USUAL_MB


@pytest.mark.parametrize(
  "flags,has_gpus,on_host",
  [
    ((), False, True),
    ((), True, False),
    (("--run_config=cpu",), True, True),
    (("--run_config", "gpu"), False, False),
    (("--run_config=gpu", "--run_config=cpu"), True, True),
  ],
)
def test_where_a_run_trains(flags, has_gpus, on_host):
  assert needs.trains_on_host(flags, has_gpus) == on_host
