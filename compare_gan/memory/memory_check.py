"""Reports before the first step whether a training fits into memory.

`run_config.memory_check` is "warn", "refuse" or "off". The estimate reads the
traced step that the training will run anyway, so it takes no time. Other ways
to compute the step are traced and estimated only if that step does not fit.
"""

import contextlib
import shutil
import subprocess
from typing import Any
from typing import Optional
import warnings

from compare_gan.layers.attention import NonLocalBlock
from compare_gan.memory import allocation
from compare_gan.memory import memory_limit
from compare_gan.memory import step_memory
import tensorflow as tf

_CHUNK = 512  # pixels whose attention is computed at once


def check(mode: str, graph: tf.Graph, gan: Any, replicas: int = 1) -> None:
  """Prints the estimate for a training; warns or raises if it is too much.

  Args:
    mode: "warn", "refuse" or "off".
    graph: the traced step.
    gan: the GAN that is trained; its variables exist.
    replicas: the number of replicas on this host.
  """
  if mode == "off":
    return
  on_gpu = "GPU" in gan.variables[0].device
  # Replicas on one host share its memory; each GPU has its own.
  if on_gpu:
    needed = step_memory.traced_training_bytes(
      graph, gan.variables, shares=replicas
    )
  else:
    needed = _of_this_process(gan, replicas) + (
      step_memory.traced_training_bytes(
        graph,
        gan.variables,
        copies=replicas,
        gives_back=allocation.gives_back(gan.options.recompute),
      )
    )
  available = available_bytes(on_gpu)
  message = _in_words(needed, available)
  print(message, flush=True)
  if available is None or needed <= available:
    return
  message = f"{message} {_advice(gan, replicas, available)}"
  if mode == "refuse":
    raise ValueError(
      f"{message} run_config.memory_check = 'warn' trains anyway."
    )
  warnings.warn(message, stacklevel=2)


def available_bytes(on_gpu: bool) -> Optional[int]:
  """Returns the bytes that a training may take, None if they are unknown."""
  return _gpu_bytes() if on_gpu else _host_bytes()


def report(gan: Any) -> str:
  """Returns the estimate, as text, for a training on this host's processor."""
  needed = _estimate(gan)
  available = _host_bytes()
  text = _in_words(needed, available)
  if available is None or needed <= available:
    return text
  return f"{text} {_advice(gan, 1, available)}"


def _of_this_process(gan, replicas=1):
  """Returns the bytes that it has besides variables: imports, images."""
  variables = step_memory.variable_bytes(gan.variables)
  return max(0, memory_limit.resident() - replicas * variables)


def _in_words(needed, available):
  text = f"Estimated memory for training: {_gib(needed)}"
  return f"{text}." if available is None else f"{text} of {_gib(available)}."


def _gib(size):
  return f"{size / 2**30:.1f} GiB"


def _advice(gan, replicas, available):
  lines = ["It is not likely to fit. Options that need less:"]
  for bindings, changes in _ways_to_save(gan, replicas):
    estimate = _changed_estimate(gan, changes) if replicas == 1 else None
    text = ", ".join(bindings)
    if estimate is not None:
      fits = " (fits)" if estimate <= available else ""
      text = f"{text}: {_gib(estimate)}{fits}"
    elif replicas == 1:
      continue  # This GAN does not support it.
    lines.append(f"  {text}")
  if len(lines) == 1:
    return "A smaller options.batch_size or network would need less."
  return "\n".join(lines)


def _ways_to_save(gan, replicas=1):
  """Yields (gin bindings, changes) that need less; the last combines all."""
  options = gan.options
  alone = []
  if not options.recompute and replicas == 1:
    alone.append(("options.recompute = True", {"recompute": True}))
  if any(not block.query_chunk for block in _attention_blocks(gan)):
    alone.append(
      (f"non_local_block.query_chunk = {_CHUNK}", {"query_chunk": _CHUNK})
    )
  parts = _more_parts(options)
  if parts > options.micro_batches:
    alone.append((f"options.micro_batches = {parts}", {"micro_batches": parts}))
  for binding, change in alone:
    yield [binding], change
  if len(alone) > 1:
    changes = {k: v for _, change in alone for k, v in change.items()}
    yield [binding for binding, _ in alone], changes


def _more_parts(options):
  """Returns the smallest number of parts with at most 8 images in each.

  It divides the batch and is a multiple of the present number.
  """
  size, now = options.batch_size, options.micro_batches
  fitting = [
    k for k in range(now, size + 1, now) if not size % k and size // k <= 8
  ]
  return max(fitting[0], now) if fitting else now


def _attention_blocks(gan):
  return [m for m in gan.submodules if isinstance(m, NonLocalBlock)]


@contextlib.contextmanager
def _changed(gan, query_chunk=None, **options):
  """Inside the context, the GAN's step is traced with other options."""
  with contextlib.ExitStack() as stack:
    stack.enter_context(gan.with_options(**options))
    for block in _attention_blocks(gan) if query_chunk else ():
      stack.enter_context(block.in_chunks_of(query_chunk))
    yield


def _estimate(gan):
  return _of_this_process(gan) + step_memory.training_bytes(
    gan.train_step,
    specs(gan),
    gan.variables,
    gives_back=allocation.gives_back(gan.options.recompute),
  )


def _changed_estimate(gan, changes):
  """Returns the bytes of a training with other options, None if unsupported."""
  with _changed(gan, **changes):
    try:
      return _estimate(gan)
    except ValueError:  # This GAN does not support them.
      return None


def specs(gan: Any) -> list[dict[str, tf.TensorSpec]]:
  """Returns the batches that a step of the GAN takes, as tf.TensorSpecs."""
  batch = {
    "images": tf.TensorSpec([gan.options.batch_size, *gan.image_shape]),
    "labels": tf.TensorSpec([gan.options.batch_size], tf.int32),
  }
  return [batch] * gan.batches_per_step


def _host_bytes():
  """Returns the bytes that this process may use: its own and the free ones."""
  found = memory_limit.find()
  return min(found.free + memory_limit.resident(), found.total)


def _gpu_bytes():
  """Returns the bytes of the smallest GPU, None if they are unknown."""
  program = shutil.which("nvidia-smi")
  if program is None:
    return None
  done = subprocess.run(
    [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
    stdout=subprocess.PIPE,
    text=True,
  )
  sizes = [int(line) for line in done.stdout.split() if line.isdigit()]
  return min(sizes) * 2**20 if sizes else None
