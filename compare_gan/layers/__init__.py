"""Layers: one subject a file; none of them needs Keras."""
