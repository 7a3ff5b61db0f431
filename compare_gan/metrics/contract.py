"""What a metric is, for those who write one and those who choose some by gin.

A metric is a function known to gin that returns {name: float}. It names what
it needs as parameters without a default, among

  real_features, fake_features     rows [N, D] of a feature extractor
  train_features, heldout_features rows of the data trained on, and of others
  real_labels, fake_labels         ints [N], of the features' rows
  fake_logits                      rows [N, num_classes] of a classifier
  real_images, fake_images         [N, H, W, C], uint8 or floats in [0, 1]
  train_images, heldout_images     likewise, of train and of eval
  train_labels, heldout_labels     ints [N]
  jacobians                        d pixels / d z, [N, pixels, z_dim]
  generate, discriminate, encode   the model: (z, y) -> images, (images, y) ->
                                   DiscriminatorOutput, images -> EncoderOutput
                                   if it has an encoder
  latents                          (n, seed) -> z [n, z_dim], the logarithms of
                                   the densities of its numbers, labels or None

Its other parameters are the knobs that gin may turn. What begins with the same
word (real, fake, train, heldout) has as many rows, in the same order. One of
your own needs no list to stand in:

  import my_package.my_metric
  my_metric.k = 3
"""

import inspect


def needs(metric):
  """Returns the names of the parameters of `metric` that have no default."""
  parameters = inspect.signature(metric).parameters.values()
  return [p.name for p in parameters if p.default is inspect.Parameter.empty]
