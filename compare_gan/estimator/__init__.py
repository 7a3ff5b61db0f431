"""How a training is run: devices, loops of steps, hooks, checkpoints.

This room knows nothing of GANs, and sees only the leaves and
storage.checkpoints. For a hook of your own, see hook_kinds.py; for a kind of
device of your own, devices/base.py.
"""
