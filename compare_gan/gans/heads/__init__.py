"""Class heads, one a file: how D learns which class an image is of.

  ModularGAN.conditional = True
  ModularGAN.class_head = @ac_head

A head takes D's features and adds to the losses of D and of G. It replaces D's
projection of y, the other way to make a GAN class-conditional. It may use
context and layers. Your own is a ClassHead in any file, registered by gin's
`import my_package.my_head`; files here are found without being listed.
"""

HEADS = "compare_gan.gans.heads"  # the module of its names for gin
