"""What D sees of images: augmentation, instance noise, pseudo-real images.

One paper or one group of transformations a file; augmentation.py puts them
together. It may import what its room, gans, may import. A policy of your own is
an object with `draw` and `apply`, as in diffaugment.py.
"""

from compare_gan.gans.augmentation.augmentation import Augmentation
from compare_gan.gans.augmentation.augmentation import Draws
from compare_gan.gans.augmentation.diffaugment import brightness
from compare_gan.gans.augmentation.diffaugment import color
from compare_gan.gans.augmentation.diffaugment import contrast
from compare_gan.gans.augmentation.diffaugment import cutout
from compare_gan.gans.augmentation.diffaugment import saturation
from compare_gan.gans.augmentation.diffaugment import translation

__all__ = [
  "Augmentation",
  "Draws",
  "brightness",
  "color",
  "contrast",
  "cutout",
  "saturation",
  "translation",
]
