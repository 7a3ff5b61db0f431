"""Classes of a conditional model."""


def require(gan, kind: str) -> None:
  """Raises ValueError unless the model is conditional."""
  if not gan.num_classes:
    raise ValueError(f"--make={kind} needs a conditional model; this is none.")
