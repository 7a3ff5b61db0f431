"""Each device takes a step in each precision; a crash costs one of them."""

from compare_gan.context import precision
from compare_gan.doctor import own_process
from compare_gan.doctor import tiny_step
from compare_gan.doctor.finding import Asked
import pytest


def _done(name):
  return {"precision": name, "replicas": 1, "seconds": 0.0125}


@pytest.fixture
def answers(monkeypatch):
  """Makes children give answers in turn; returns what they were asked."""
  asked = []

  def set_answers(*given):
    left = list(given)

    def ask(words, seconds, variables):
      asked.append((words, variables))
      return left.pop(0)

    monkeypatch.setattr(own_process, "ask", ask)
    return asked

  return set_answers


def _library(monkeypatch, *said):
  answer = own_process.Answer(said)
  monkeypatch.setattr(own_process, "ask_library", lambda: answer)


def test_precisions_are_all_there_are():
  assert tiny_step.PRECISIONS == precision.NAMES


def test_a_step_has_its_milliseconds(answers):
  answers(own_process.Answer([_done("float32")]))
  [one] = tiny_step.train("CPU", "cpu", precisions=["float32"])
  assert (one.subject, one.state) == ("CPU float32", "ok")
  assert one.found == "12.5 ms a step"


def test_what_this_tensorflow_cannot_compute_is_absent(answers):
  message = {"precision": "bfloat16", "replicas": 1, "why_not": "no kernel"}
  answers(own_process.Answer([message]))
  [one] = tiny_step.train("CPU", "cpu", precisions=["bfloat16"])
  assert one.state == "absent"
  assert "no kernel" in one.found and "'float32'" in one.advice


def test_losses_that_are_not_finite_are_wrong(answers):
  message = {"precision": "float32", "replicas": 1, "error": "loss is nan"}
  answers(own_process.Answer([message]))
  [one] = tiny_step.train("CPU", "cpu", precisions=["float32"])
  assert (one.state, one.found) == ("wrong", "no step: loss is nan")


def test_after_a_crash_the_other_precisions_are_tried(answers):
  asked = answers(
    own_process.Answer(
      [{"begins": "float32"}, _done("float32"), {"begins": "bfloat16"}],
      "it was killed by SIGABRT",
    ),
    own_process.Answer([{"begins": "float16"}, _done("float16")]),
  )
  found = tiny_step.train("GPU", "gpu")
  assert [one.state for one in found] == ["ok", "wrong", "ok"]
  assert found[1].found == "no step: it was killed by SIGABRT"
  assert [words for words, _ in asked] == [
    ["steps", "gpu", "float32", "bfloat16", "float16"],
    ["steps", "gpu", "float16"],
  ]


def test_a_failure_before_the_first_step_is_said_once(answers):
  asked = answers(own_process.Answer([], "it did not end within 300 s"))
  [one] = tiny_step.train("TPU", "tpu")
  assert (one.subject, one.state) == ("TPU", "wrong")
  assert len(asked) == 1


def test_only_devices_that_are_here_are_tried(answers, monkeypatch):
  _library(
    monkeypatch,
    {"kind": "cpu", "why_not": None},
    {"kind": "gpu", "why_not": "there is none"},
  )
  answers(own_process.Answer([_done(name) for name in tiny_step.PRECISIONS]))
  found = tiny_step.look(Asked())
  assert [one.subject for one in found] == [
    "CPU float32",
    "CPU bfloat16",
    "CPU float16",
  ]
  assert tiny_step.look(Asked(quick=True)) == []


def test_of_several_gpus_each_is_tried_by_itself(answers, monkeypatch):
  _library(
    monkeypatch, {"gpu": "a"}, {"gpu": "b"}, {"kind": "gpu", "why_not": None}
  )
  monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
  every = own_process.Answer([_done(name) for name in tiny_step.PRECISIONS])
  asked = answers(every, every, every)
  found = tiny_step.look(Asked())
  assert [variables for _, variables in asked] == [
    None,
    {"CUDA_VISIBLE_DEVICES": "2"},
    {"CUDA_VISIBLE_DEVICES": "5"},
  ]
  assert {one.subject.split(" f")[0] for one in found} >= {"GPU 0", "GPU 1"}
