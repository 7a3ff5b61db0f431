"""Operations whose results do not depend on the order of threads.

On a GPU several kernels add numbers in whatever order they arrive, so that two
trainings with one seed drift apart. TensorFlow has slower ones that do not. The
choice is the process's: TensorFlow does not take it back.
"""

import os

import tensorflow as tf

# Read by the kernels of TensorFlow before 2.9.
_VARIABLE = "TF_DETERMINISTIC_OPS"


def require() -> None:
  """Makes operations deterministic, or fail where they cannot be."""
  enable = getattr(tf.config.experimental, "enable_op_determinism", None)
  if enable is None:
    os.environ[_VARIABLE] = "1"
  else:
    enable()
