"""What tests of checkpoints share: reading all that one holds."""

from compare_gan.storage import checkpoints


def read_all(prefix):
  """Returns {name: array} of a checkpoint."""
  shapes, read = checkpoints.load(prefix)
  return {name: read(name) for name in shapes}
