"""Architectures: one file each, with a Generator and a Discriminator.

`abstract_arch` is what they extend, `by_name` finds them, and `outputs` is what
they return. They may import layers/ and context/. To add one, copy
dcgan.py here, or keep the file anywhere and name it by its dotted path.
"""
