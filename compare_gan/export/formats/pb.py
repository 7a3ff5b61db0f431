"""One frozen graph, which TensorFlow 1.15 and compilers made for it read."""

from typing import Any
from typing import Optional

from compare_gan.export import frozen_graph
from compare_gan.export import signatures


def write(
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
  averaged: bool = True,
) -> list[str]:
  """Writes the file; returns a line that counts its operations."""
  made = frozen_graph.write(gan, signature, batch, path, averaged)
  counts = frozen_graph.operations(made)
  listed = ", ".join(f"{name} {count}" for name, count in counts.items())
  return [f"operations: {listed}"]


def read(
  path: str, signature: signatures.Signature
) -> frozen_graph.FrozenGraph:
  """Returns the file's generator."""
  del signature
  return frozen_graph.read(path)
