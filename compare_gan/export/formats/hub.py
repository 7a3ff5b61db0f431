"""The same folder as savedmodel, read again by TensorFlow-Hub."""

from collections.abc import Callable
from typing import Any

from compare_gan.export import signatures
from compare_gan.export.formats import savedmodel
from compare_gan.storage import files

ANY_BATCH = True
write = savedmodel.write


def read(path: str, signature: signatures.Signature) -> Callable[..., Any]:
  """Returns `generate` of a folder as a function of arrays."""
  import tensorflow_hub as hub

  del signature
  with files.plain_name(path) as name:
    return savedmodel.Loaded(hub.load(name))
