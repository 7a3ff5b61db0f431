"""Turns a model into a row of scores, with a card of how they were computed.

It sees metrics, features and datasets through their abstract classes, and the
GANs to sample from.
"""
