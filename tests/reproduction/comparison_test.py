"""Two runs beside each other: what equals, what differs, and why it may."""

from compare_gan.reproduction import comparison
from compare_gan.reproduction import report
from compare_gan.storage import score_tables
import pytest

from tests.reproduction import runs
from tests.storage import tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _compare(tmp_path, last=None, **second):
  """Returns the comparison of a run with another one, and its words."""
  first = runs.write(tmp_path / "a")
  other = runs.write(tmp_path / "b", **second)
  found = comparison.compare(first, other, last)
  return found, report.in_words(found)


def test_equal_runs_are_reproduced(tmp_path):
  found, text = _compare(tmp_path)
  assert found.is_reproduced and found.is_equal and found.expects_bits
  assert [(part.what, part.count) for part in found.parts] == [
    ("variables of checkpoint 0", 2),
    ("variables of checkpoint 2", 2),
    ("scalars", 1),
    ("scores", 0),
  ]
  assert text.endswith("Reproduced bit for bit.")


def test_a_changed_variable_is_found_and_measured(tmp_path):
  found, text = _compare(tmp_path, w=(3.0, 4.005))
  assert not found.is_reproduced  # On one CPU no difference is tolerated.
  # 0.005 of a variable whose norm is 5
  assert "w, step 2: differs by up to 0.005, 0.001 of its size" in text
  assert "Variables of checkpoint 2: 1 of 2 are equal." in text
  assert "The variables differ from the checkpoint of step 2 on" in text
  assert "the bills name no reason" in text
  assert text.endswith("Not reproduced.")


def test_a_difference_of_one_bit_is_found(tmp_path):
  found, _ = _compare(tmp_path, w=(3.0, 4.0000005))
  assert not found.is_reproduced


def test_later_steps_can_be_left_out(tmp_path):
  found, _ = _compare(tmp_path, last=0, w=(3.0, 9.0), loss=7.0)
  assert found.is_reproduced


@pytest.mark.parametrize(
  "changes,said",
  [
    ({"cpu": {"model": "B"}}, "cpu.model: 'A' and 'B'"),
    (
      {"versions": {"tensorflow": "2.6.5"}},
      "versions.tensorflow: '2.21.0' and '2.6.5'",
    ),
    (
      {"environment": {"TF_ENABLE_ONEDNN_OPTS": "1"}},
      "environment.TF_ENABLE_ONEDNN_OPTS: '0' and '1'",
    ),
  ],
)
def test_elsewhere_tolerances_apply(tmp_path, changes, said):
  entries = [runs.entry(**changes)]
  found, text = _compare(tmp_path, entries=entries, w=(3.0, 4.005), loss=0.51)
  assert found.is_reproduced and not found.expects_bits
  assert said in text and "1% of a variable's norm" in text
  assert text.endswith("Reproduced within the tolerances, not bit for bit.")


def test_elsewhere_large_differences_are_not_tolerated(tmp_path):
  entries = [runs.entry(cpu={"model": "B"})]
  found, text = _compare(tmp_path, entries=entries, loss=0.6)
  assert not found.is_reproduced
  assert "loss/g, step 2: differs by up to 0.1, 0.2 of its size" in text


def test_elsewhere_what_is_nothing_but_rounding_is_tolerated(tmp_path):
  first = runs.write(tmp_path / "a", w=(1e-8, 0.0))
  entries = [runs.entry(cpu={"model": "B"})]
  second = runs.write(tmp_path / "b", entries=entries, w=(2e-8, 0.0))
  assert comparison.compare(first, second).is_reproduced


def test_scores_alone_may_differ(tmp_path):
  found, text = _compare(tmp_path, loss=0.6)
  assert not found.is_reproduced
  assert "All variables are equal, but not what was computed from them" in text


def test_no_number_is_near_what_is_not_one(tmp_path):
  entries = [runs.entry(cpu={"model": "B"})]
  found, _ = _compare(tmp_path, entries=entries, w=(3.0, float("nan")))
  assert not found.is_reproduced


@pytest.mark.parametrize(
  "second,said",
  [
    ({"seed": 2}, "seed: 1 and 2"),
    (
      {"entries": [runs.entry(data={"digest": "e"})]},
      "data.digest: 'd' and 'e'",
    ),
    (
      {"entries": [runs.entry(own_code={"my.loss": "0ther"})]},
      "own_code.my.loss: 'c0de' and '0ther'",
    ),
    (
      {"configs": {0: "options.z_dim = 3\n"}},
      "options.z_dim: 2 and 3",
    ),
  ],
)
def test_what_may_be_why_is_named(tmp_path, second, said):
  found, text = _compare(tmp_path, w=(3.0, 5.0), **second)
  assert not found.is_reproduced
  assert said in found.unlike and "may be why" in text


def test_a_run_that_went_on_elsewhere_has_two_starts(tmp_path):
  both = [runs.entry(), runs.entry(step=1, cpu={"model": "B"}, host="b")]
  found, _ = _compare(tmp_path, entries=both)
  assert not found.expects_bits and found.is_equal


def test_without_a_bill_it_says_what_is_unknown(tmp_path):
  found, text = _compare(tmp_path, entries=(), w=(3.0, 4.005))
  assert found.is_reproduced and not found.expects_bits
  assert "has no bill.json: the versions, the machine" in text


def test_scores_under_one_protocol_are_compared(tmp_path):
  folders = [runs.write(tmp_path / name) for name in "ab"]
  for folder, value in zip(folders, (1.5, 1.75)):
    row = tiny.card_row(2, tiny.FID, value=value, seed=42)
    score_tables.add_row(folder, row)
  found = comparison.compare(*folders)
  [one] = found.parts[-1].differences
  assert (one.name, one.step, one.absolute) == ("fid", 2, 0.25)


def test_scores_under_other_protocols_are_not(tmp_path):
  folders = [runs.write(tmp_path / name) for name in "ab"]
  for folder, seed in zip(folders, (42, 43)):
    row = tiny.card_row(2, tiny.FID, seed=seed)
    score_tables.add_row(folder, row)
  found = comparison.compare(*folders)
  assert found.parts[-1].count == 0
  assert "protocols differ: seed: 42 and 43" in found.unknown[-1]


def test_nothing_in_common_is_not_reproduced(tmp_path):
  first = runs.write(tmp_path / "a")
  (tmp_path / "b").mkdir()
  found = comparison.compare(first, str(tmp_path / "b"))
  assert not found.is_reproduced
  assert "nothing that both have" in report.in_words(found)
