"""samples.npz: `images` float32 [N, H, W, C], `z` and `labels`."""

import argparse
from typing import Any

from compare_gan.looks.subject import Subject
import numpy as np


def make(subject: Subject, args: argparse.Namespace) -> None:
  del args
  write(subject.path("samples.npz"), subject)


def write(path: str, subject: Subject) -> None:
  """Writes images in [0, 1], z and, of a conditional model, labels."""
  z, labels = subject.latents
  arrays: dict[str, Any] = {"images": subject.images, "z": z}
  if labels is not None:
    arrays["labels"] = labels
  with open(path, "wb") as file:
    np.savez(file, **arrays)
