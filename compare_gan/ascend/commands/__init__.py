"""Verbs of `python -m compare_gan` for this room's model cards and tools."""
