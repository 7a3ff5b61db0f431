"""From a model to a row of scores, with the card that says how it was made.

Sees metrics, features and datasets by their abstract classes, and GANs to
sample from.
"""
