"""Measures a step of training, and the peak of this machine's convolutions.

python -m benchmarks.train_step --gin_config resnet_cifar10.gin --batch 64

Prints medians with their spread and, last, one line of JSON:

  cycle_s          seconds of a step: all D updates and the G update, median
  images_per_s     real images that D sees
  gflop_per_cycle  of the convolutions and matrix products of a step, forward
                   and backward, without any folding: what the model asks for
  conv_peak_gflops best of 5 of a convolution, 3x3, 256 to 256 channels, on 64
                   images of 32x32, forward and both gradients, in this process
  of_peak          gflop_per_cycle / cycle_s / conv_peak_gflops. Folding and
                   grouping do less work than counted, so it can exceed 1
  moved_gb         what its operations read and write, if none were merged
  peak_rss_gib     of this process, the steps alone
  estimate_gib     of the same, by compare_gan/memory
  first_step_s     building the graph, and one step
  with_input       only with --with_input: the cycle of the whole Estimator,
                   with input, hooks and logging, and what it adds to the step

The data is noise of the dataset's shape, in memory.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Operations that only give a tensor another name or shape.
MOVE_NOTHING = (
  "Const",
  "Identity",
  "Placeholder",
  "ReadVariableOp",
  "Reshape",
  "Shape",
)

_LOOPS = ("While", "StatelessWhile")
_PEAK = {"batch": 64, "pixels": 32, "channels": 256, "kernel": 3}


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--gin_config", default="resnet_cifar10.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--batch", type=int, help="default: the gin file's")
  parser.add_argument(
    "--precision",
    default="float32",
    choices=("float32", "bfloat16", "float16"),
  )
  fold = parser.add_mutually_exclusive_group()
  fold.add_argument("--fold", dest="fold", action="store_true", default=None)
  fold.add_argument("--no-fold", dest="fold", action="store_false")
  parser.add_argument("--steps", type=int, default=5, help="default: 5")
  parser.add_argument("--xla", action="store_true", help="compiled by XLA")
  parser.add_argument("--with_input", action="store_true")
  arguments = parser.parse_args(argv)
  if arguments.steps < 1:
    parser.error(f"--steps={arguments.steps}; 1 or more would do.")
  return arguments


# ---- Counting ----------------------------------------------------------------


def gflop(concrete):
  """Returns how many 10^9 operations a traced function's products take.

  It counts convolutions and matrix products; a multiplication and an addition
  are two operations. A convolution costs as much as either of its gradients,
  2 x the pixels of its output x the kernel.
  """
  return _total(concrete.graph, flop) / 1e9


def _total(graph, of_operation):
  """Returns the sum over the operations that run, as often as loops run."""
  from compare_gan.context import graphs

  total = 0
  for op in graphs.reachable(graph):  # A gradient also makes others.
    total += of_operation(op)
    if op.type in _LOOPS:
      names = graphs.called(op)
      inside = _total(graphs.body(graph, names["body"]), of_operation)
      total += _times(graphs.body(graph, names["cond"])) * inside
  return total


def _times(condition):
  """Returns n for the condition j < n of a loop, 1 if it is another one."""
  import tensorflow as tf

  [result] = condition.outputs
  while result.op.type == "Identity":
    result = result.op.inputs[0]
  n = result.op.type == "Less" and tf.get_static_value(result.op.inputs[1])
  return int(n) if n else 1


def flop(op):
  import numpy as np

  def size(tensor):
    return int(np.prod(tensor.shape.as_list()))

  def pixels(tensor):
    n, height, width, _ = tensor.shape.as_list()
    return n * height * width

  if op.type == "Conv2D":
    return 2 * pixels(op.outputs[0]) * size(op.inputs[1])
  if op.type == "Conv2DBackpropInput":  # of (sizes, kernel, d output)
    return 2 * pixels(op.inputs[2]) * size(op.inputs[1])
  if op.type == "Conv2DBackpropFilter":  # of (image, sizes, d output)
    return 2 * pixels(op.inputs[2]) * size(op.outputs[0])
  if op.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    inner = op.inputs[0].shape.as_list()[-2 if transposed else -1]
    return 2 * size(op.outputs[0]) * inner
  return 0


# ---- Measuring ---------------------------------------------------------------


def timed(call, times):
  """Returns the seconds of each of `times` calls."""
  seconds = []
  for _ in range(times):
    began = time.perf_counter()
    call()
    seconds.append(time.perf_counter() - began)
  return seconds


def conv_peak(dtype, times=5, **sizes):
  """Returns the GFLOP/s of a large convolution with its gradients, the best."""
  import tensorflow as tf

  sizes = {**_PEAK, **sizes}
  n, pixels, c, k = (
    sizes[s] for s in ("batch", "pixels", "channels", "kernel")
  )
  x = tf.cast(tf.random.normal([n, pixels, pixels, c]), dtype)
  kernel = tf.cast(tf.random.normal([k, k, c, c]), dtype)
  dy = tf.cast(tf.random.normal([n, pixels, pixels, c]), dtype)

  @tf.function
  def convolve(x, kernel, dy):
    with tf.GradientTape() as tape:
      tape.watch([x, kernel])
      y = tf.nn.conv2d(x, kernel, 1, "SAME")
    dx, dk = tape.gradient(y, [x, kernel], output_gradients=dy)
    # One number of each: all are computed, little is copied.
    return tf.stack([y[0, 0, 0, 0], dx[0, 0, 0, 0], dk[0, 0, 0, 0]])

  def call():
    return convolve(x, kernel, dy).numpy()

  call()
  flop = 3 * 2 * n * pixels**2 * k**2 * c**2
  return flop / min(timed(call, times)) / 1e9


def moved_gb(concrete):
  """Returns how many 10^9 bytes a traced function reads and writes.

  Each operation counts its inputs and outputs, as if none were merged with
  others; those in MOVE_NOTHING count nothing.
  """

  def moved(op):
    if op.type in (*MOVE_NOTHING, *_LOOPS):
      return 0
    return sum(map(tensor_bytes, [*op.inputs, *op.outputs]))

  return _total(concrete.graph, moved) / 1e9


def tensor_bytes(tensor):
  """Returns the bytes of a tensor, 0 if they are unknown."""
  import tensorflow as tf

  if tensor.dtype in (tf.resource, tf.variant, tf.string):
    return 0
  return (tensor.shape.num_elements() or 0) * tensor.dtype.size


def print_machine():
  from compare_gan.context import cpu
  import tensorflow as tf

  flags = sorted(cpu.flags())
  shown = [f for f in flags if f.startswith(("avx", "amx", "fma"))]
  threads = tf.config.threading
  print(f"CPU: {cpu.model()}")
  print(f"CPU flags: {' '.join(shown)}")
  print(
    f"Threads: {len(os.sched_getaffinity(0))} cores; TensorFlow's intra-op "
    f"{threads.get_intra_op_parallelism_threads()}, inter-op "
    f"{threads.get_inter_op_parallelism_threads()} (0: its own choice)"
  )
  print(f"GPUs: {len(tf.config.list_physical_devices('GPU'))}")


def versions():
  import compare_gan
  import numpy as np
  import tensorflow as tf

  return {
    "compare_gan": compare_gan.__version__,
    "python": platform.python_version(),
    "tensorflow": tf.__version__,
    "numpy": np.__version__,
  }


def _spread(seconds):
  return (
    f"median {statistics.median(seconds):.3f} s, from {min(seconds):.3f} to "
    f"{max(seconds):.3f} ({len(seconds)} times)"
  )


class _Clock:
  """A hook that notes when each loop of the Estimator ended."""

  every_steps = None
  comes_first = False
  asks_to_stop = False

  def __init__(self):
    self.marks = []  # (step, time)

  def begin(self, model, step, max_steps):
    pass

  def after_loop(self, step, steps, seconds, scalars):
    self.marks.append((step, time.perf_counter()))

  def end(self, step):
    pass

  def cycle_s(self):
    """Returns the seconds of a step, including all but building the graph."""
    (first, began), (last, ended) = self.marks[0], self.marks[-1]
    return (ended - began) / (last - first)


def _measure_estimator(gan, devices, dataset, batch, steps):
  """Returns the seconds of a step in the Estimator with its usual hooks."""
  from compare_gan.estimator import estimator
  from compare_gan.estimator import hooks
  from compare_gan.estimator import run_config

  clock = _Clock()
  config = run_config.run_config()._replace(save_checkpoints_steps=10**9)
  start = int(gan.global_step.numpy())
  with (
    tempfile.TemporaryDirectory() as model_dir,
    open(os.devnull, "w") as null,
  ):
    estimator.Estimator(gan, config, devices, model_dir).train(
      lambda first: dataset.batches(
        "train", batch, start=first, as_stored=True
      ),
      start + 1 + steps,
      [
        hooks.NanGuard(),
        hooks.Progress(batch * gan.batches_per_step, null),
        hooks.Summaries(model_dir),
        clock,
      ],
    )
  return clock.cycle_s()


def parse(arguments):
  """Reads the gin file and bindings of a command line."""
  from compare_gan.configuration import gin_files

  bindings = list(arguments.gin_bindings)
  if arguments.batch:
    bindings.append(f"options.batch_size = {arguments.batch}")
  gin_files.parse([arguments.gin_config], bindings)


def measure(arguments):
  """Returns the dict that is printed as JSON."""
  from compare_gan.context import precision
  from compare_gan.datasets import catalogue
  from compare_gan.estimator import devices as devices_lib
  from compare_gan.gans import options

  parse(arguments)
  dataset = catalogue.dataset(fake=True)
  devices = devices_lib.choose("auto", options.options().batch_size)
  print_machine()
  with precision.using(arguments.precision), devices.scope():
    result = _measure_step(arguments, devices, dataset)
    peak = conv_peak(precision.compute_dtype())
  print(f"Peak: {peak:.0f} GFLOP/s in {arguments.precision}")
  result["conv_peak_gflops"] = round(peak, 1)
  rate = result["gflop_per_cycle"] / result["cycle_s"]
  result["of_peak"] = round(rate / peak, 3)
  return result


def _measure_step(arguments, devices, dataset):
  """Returns what a step costs."""
  from compare_gan.gans import options
  from compare_gan.memory import allocation
  from compare_gan.memory import step_memory
  from compare_gan.storage import model_dir
  import psutil

  process = psutil.Process().memory_info().rss
  batch = options.options().batch_size
  gan = model_dir.make_gan(dataset, seed=1)
  batches = list(dataset.batches("train", batch).take(gan.batches_per_step))
  step, work = _make_step(gan, devices, batches, arguments)
  print(f"Work: {work:.1f} GFLOP a step, unfolded")

  def call():
    return [float(value) for value in step(batches).values()]

  [first] = timed(call, 1)
  print(f"First step: {first:.1f} s")
  seconds = timed(call, arguments.steps)
  cycle = statistics.median(seconds)
  print(f"Cycle: {_spread(seconds)}")
  concrete = step.get_concrete_function(batches)
  estimate = step_memory.traced_training_bytes(
    concrete.graph,
    gan.variables,
    gives_back=allocation.gives_back(False),
  )
  result = {
    "cycle_s": round(cycle, 4),
    "images_per_s": round(batch * gan.options.disc_iters / cycle, 1),
    "gflop_per_cycle": round(work, 3),
    "moved_gb": round(moved_gb(concrete), 3),
    "peak_rss_gib": round(peak_rss() / 2**30, 3),
    "estimate_gib": round((process + estimate) / 2**30, 3),
    "first_step_s": round(first, 1),
    "precision": arguments.precision,
    "batch": batch,
    "fold": arguments.fold,
    "xla": arguments.xla,
    "versions": versions(),
  }
  if arguments.with_input:
    whole = _measure_estimator(gan, devices, dataset, batch, arguments.steps)
    again = timed(call, arguments.steps)
    bare = statistics.median(seconds + again)
    print(f"Cycle, again: {_spread(again)}")
    print(f"Cycle with input, hooks and logging: {whole:.3f} s")
    result["with_input"] = {
      "cycle_s": round(whole, 4),
      "overhead": round(whole / bare - 1.0, 4),
    }
  return result


def peak_rss():
  """Returns the largest resident set that this process had, in bytes."""
  # In KiB, but for macOS, where it is in bytes.
  unit = 1 if sys.platform == "darwin" else 1024
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _make_step(gan, devices, batches, arguments):
  """Returns a function that makes a step, and its GFLOP without folding."""
  import tensorflow as tf

  train_step = gan.train_step

  def make_step():
    return tf.function(lambda batches: devices.run(train_step, batches))

  layers = _scaled_convolutions(gan)
  for layer in layers:
    layer.fold = False
  work = gflop(make_step().get_concrete_function(batches))
  for layer in layers:
    layer.fold = arguments.fold
  if arguments.xla:
    train_step = devices.compiled(train_step)
  return make_step(), work


def _scaled_convolutions(gan):
  from compare_gan.layers import conv

  return [m for m in gan.submodules if isinstance(m, conv.ScaledConv2D)]


def main(argv=None):
  result = measure(_arguments(argv))
  print(json.dumps(result))


if __name__ == "__main__":
  main()
