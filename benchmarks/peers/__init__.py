"""Other libraries' forms of the same training step, to compare with.

Each file is a program of its own, which runs in an environment that has its
library and nothing of compare_gan. `python -m benchmarks.peers` runs them.
"""
