"""How a training is run: devices, loops of steps, hooks, checkpoints.

It knows no GAN, and sees storage.checkpoints beside the leaves. A hook of your
own: hook_kinds.py. A kind of device of your own: devices/base.py.
"""
