"""What is said of devices, from the driver's lines and a child's messages."""

import sys

from compare_gan.doctor import devices
from compare_gan.doctor import own_process

_LINE = "NVIDIA H100 80GB HBM3, 81559 MiB, 570.86.15"


def _states(found):
  return [(one.subject, one.state) for one in found]


def test_a_gpu_has_its_memory_and_its_driver():
  [one] = devices.gpus([_LINE], ["H100"], None)
  assert one.state == "ok"
  assert one.found == "NVIDIA H100 80GB HBM3, 81559 MiB, driver 570.86.15"


def test_no_gpu_is_absent():
  assert _states(devices.gpus([], [], None)) == [("GPU", "absent")]


def test_a_gpu_that_tensorflow_does_not_see_is_wrong():
  found = devices.gpus([_LINE, _LINE], ["H100"], None)
  assert _states(found)[-1] == ("GPUs", "wrong")
  assert found[-1].found == "TensorFlow sees 1 of 2"
  assert "compare_gan[gpu]" in found[-1].advice


def test_gpus_that_the_user_hides_are_absent():
  found = devices.gpus([_LINE], [], "")
  assert _states(found)[-1] == ("GPUs", "absent")


def test_gpus_without_nvidias_driver_are_named_by_tensorflow():
  assert _states(devices.gpus([], ["MI300"], None)) == [("GPU 0", "ok")]


def test_the_driver_is_asked_and_may_be_missing():
  code = f"print('{_LINE}')"
  assert devices.driver_lines([sys.executable, "-c", code]) == [_LINE]
  assert devices.driver_lines(["there-is-no-such-program"]) == []
  assert devices.driver_lines([sys.executable, "-c", "exit(9)"]) == []


def test_other_kinds_are_named_by_their_flag():
  assert devices.other_kind("tpu", None).found == "is here: --run_config=tpu"
  assert devices.other_kind("tpu", "no").state == "absent"


def test_a_crash_while_devices_are_looked_for_is_wrong(monkeypatch):
  answer = own_process.Answer(
    [{"begins": "list devices"}, {"begins": "look for gpu"}],
    "it was killed by SIGSEGV",
  )
  monkeypatch.setattr(own_process, "ask_library", lambda: answer)
  cpu, crash = devices.look(None)
  assert cpu.state == "ok" and "of memory" in cpu.found
  assert crash.state == "wrong"
  assert crash.found == (
    "cannot be listed in the step 'look for gpu': it was killed by SIGSEGV"
  )


def test_without_tensorflow_devices_are_wrong_and_the_processor_is_said(
  monkeypatch,
):
  answer = own_process.Answer([{"package": "tensorflow", "error": "no"}])
  monkeypatch.setattr(own_process, "ask_library", lambda: answer)
  cpu, others = devices.look(None)
  assert cpu.state == "ok"
  assert others.found == "cannot be listed: TensorFlow cannot be imported"
