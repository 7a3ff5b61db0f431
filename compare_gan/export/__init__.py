"""Models in and out: files for other programs, and checkpoints of google's.

Sees gans, layers and the contract of architectures. A format of your own goes
to formats/ or stays in your package; formats/__init__.py says what it needs.
importers/ reads weights of PyTorch projects, one family of networks a file.
"""
