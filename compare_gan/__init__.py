"""compare_gan: a gin-configured library for research on GANs (TensorFlow 2)."""

from compare_gan.version import __version__

__all__ = ["__version__"]
