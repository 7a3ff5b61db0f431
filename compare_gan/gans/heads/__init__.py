"""Class heads, one a file: how D learns which class an image is of.

  ModularGAN.conditional = True
  ModularGAN.class_head = @ac_head

A head stands on D's features and adds to the losses of D and of G. It is in the
place of D's projection of y, which is the other way to class-conditional GANs.
It may use context and layers. One's own is a ClassHead anywhere, made known by
gin's `import my_package.my_head`; one here is found without being listed.
"""

HEADS = "compare_gan.gans.heads"  # the module of its names for gin
