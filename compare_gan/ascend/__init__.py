"""For scripts of Ascend's model cards: their flags, log lines, files, tools.

Sees export and the estimator's hooks; nothing of the core needs it.
"""
