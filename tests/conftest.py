"""What all tests share: a quiet TensorFlow on the CPU, and no gin bindings.

The mark `versions` must say why a test can fail on another TensorFlow.
"""

import os

# The recorded numbers come from TensorFlow 1.15's own kernels; oneDNN's sum in
# another order, which the deepest networks amplify from 1e-7 to 2e-5.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# Eigen's products too come from oneDNN, which sums by the widest instructions
# that the processor has. Adam's first step has the sign of the gradient: where
# that is nothing but rounding, another order moves the weight the other way.
for _name in ("DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA"):  # old and new name
  os.environ.setdefault(_name, "AVX2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from compare_gan.configuration import gin_files  # noqa: E402
import gin  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(2)
gin_files.register()


@pytest.fixture(autouse=True)
def _no_bindings():
  gin.clear_config()
  yield
  gin.clear_config()


@pytest.hookimpl(tryfirst=True)  # Before any is left out.
def pytest_collection_modifyitems(items):
  wrong = [
    item.nodeid
    for item in items
    if any(not _has_reason(mark) for mark in item.iter_markers("versions"))
  ]
  if wrong:
    raise pytest.UsageError(
      "@pytest.mark.versions takes one text: why the test can fail on another "
      f"TensorFlow. {len(wrong)} tests lack it: {', '.join(wrong[:5])}"
    )


def _has_reason(mark):
  """Returns whether a mark has one text as its only argument."""
  return (
    len(mark.args) == 1
    and not mark.kwargs
    and isinstance(mark.args[0], str)
    and mark.args[0].strip() != ""
  )
