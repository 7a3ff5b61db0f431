"""A training step of a tiny GAN on each device, in each precision."""

from collections.abc import Mapping
from collections.abc import Sequence
import os
from typing import Any
from typing import Optional

from compare_gan.doctor import devices
from compare_gan.doctor import own_process
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok
from compare_gan.doctor.finding import wrong

ORDER = 40

# As in context/precision.py, which needs TensorFlow; a test compares.
PRECISIONS = ("float32", "bfloat16", "float16")
_SECONDS = 300.0  # A GPU may compile its kernels anew.
_VISIBLE = "CUDA_VISIBLE_DEVICES"


def look(asked: Asked) -> list[Finding]:
  """Returns a finding for each device and precision."""
  if asked.quick:
    return []
  answer = own_process.ask_library()
  gpus = sum("gpu" in message for message in answer.said)
  found = []
  for kind, why_not in devices.kinds_of(answer).items():
    if why_not is None:
      found += train(kind.upper(), kind)
      if kind == "gpu" and gpus > 1:
        for i, number in enumerate(_numbers_of_gpus(gpus)):
          found += train(f"GPU {i}", kind, {_VISIBLE: number})
  return found


def _numbers_of_gpus(count: int) -> list[str]:
  """Returns what shows one GPU each, as CUDA_VISIBLE_DEVICES has it."""
  shown = [one for one in os.environ.get(_VISIBLE, "").split(",") if one]
  return shown or [str(i) for i in range(count)]


def train(
  subject: str,
  kind: str,
  variables: Optional[Mapping[str, str]] = None,
  precisions: Sequence[str] = PRECISIONS,
) -> list[Finding]:
  """Returns a finding for each precision of a device.

  Args:
    subject: the device.
    kind: its --run_config.
    variables: of the environment.
    precisions: those to try. If one kills the process, the next ones are tried
      in a new one.
  """
  answer = own_process.ask(["steps", kind, *precisions], _SECONDS, variables)
  results = [one for one in answer.said if "precision" in one]
  found = [_finding(subject, one) for one in results]
  left = precisions[len(results) :]
  if not left:
    return found
  if {"begins": left[0]} not in answer.said:  # It fails before any step.
    return [*found, _broken(subject, "", answer.failure)]
  found.append(_broken(subject, left[0], answer.failure))
  if left[1:]:
    found += train(subject, kind, variables, left[1:])
  return found


def _finding(subject: str, result: Mapping[str, Any]) -> Finding:
  name = result["precision"]
  if "why_not" in result:
    return absent(
      f"{subject} {name}",
      f"not on this device with this TensorFlow: {result['why_not']}",
      "Use run_config.precision = 'float32', or a later TensorFlow.",
    )
  if "error" in result:
    return _broken(subject, name, result["error"])
  replicas = result["replicas"]
  on = f" on {replicas} replicas" if replicas > 1 else ""
  milliseconds = 1000 * result["seconds"]
  return ok(f"{subject} {name}", f"{milliseconds:.1f} ms a step{on}")


def _broken(subject: str, precision: str, failure: str) -> Finding:
  advice = (
    "Mend what is wrong with versions and devices first. If nothing is, update "
    "the device's driver."
  )
  if precision and precision != "float32":
    advice += " Until then use run_config.precision = 'float32'."
  return wrong(
    f"{subject} {precision}".strip(),
    f"no step: {failure or 'it ended without a word'}",
    advice,
  )
