"""compare_gan: a gin-configured library for research on GANs (TensorFlow 2)."""

import os

from compare_gan.configuration import moved
from compare_gan.version import __version__

__all__ = ["__version__"]

# TensorFlow 2.6 asks for this variable as soon as its C++ part is loaded, and
# sets it a moment later. If absl has parsed flags by then, as in `app.run`, the
# first question comes too early: loops of a graph are then not registered
# ("Op type not registered 'while_cond_...'") and no training starts.
os.environ.setdefault("TF2_BEHAVIOR", "1")

__getattr__ = moved.forwarder(__name__)
