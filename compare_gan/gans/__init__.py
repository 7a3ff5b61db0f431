"""Generative adversarial networks: losses, penalties and what is trained."""
