"""What `run_config.precision = "auto"` is on CPUs and GPUs.

bfloat16 where the device multiplies it natively, since it is faster
there and needs no loss scale; float32 elsewhere.

  CPU    with AMX (Sapphire Rapids and later) or AVX512_BF16 (Zen 4 and later,
         Cooper Lake)
  GPU    of compute capability 8.0 or more (Ampere and later)
"""

from collections.abc import Sequence

from compare_gan.context import cpu
from compare_gan.context import precision
import tensorflow as tf

_AMPERE = (8, 0)
_CPU_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})


def choose(devices: Sequence[str]) -> tuple[str, str]:
  """Returns a precision, and a clause that says why.

  Args:
    devices: TensorFlow's names of the devices that compute.
  """
  of = "GPU" if any("GPU" in name.upper() for name in devices) else "CPU"
  lacking = _what_gpus_lack() if of == "GPU" else _what_the_cpu_lacks()
  if lacking:
    return "float32", lacking
  failure = precision.why_not("bfloat16")
  if failure:
    return "float32", f"TensorFlow {tf.__version__} has no bfloat16 ({failure})"
  return "bfloat16", f"the {of} multiplies it natively"


def _what_gpus_lack():
  for gpu in tf.config.get_visible_devices("GPU"):
    details = tf.config.experimental.get_device_details(gpu)
    capability = details.get("compute_capability")
    if capability is None or tuple(capability) < _AMPERE:
      shown = ".".join(map(str, capability)) if capability else "unknown"
      return f"bfloat16 needs compute capability 8.0, {gpu.name} has {shown}"
  return ""


def _what_the_cpu_lacks():
  if _CPU_FLAGS & cpu.flags():
    return ""
  return "the CPU has no instructions for bfloat16 (AMX, AVX512_BF16)"
