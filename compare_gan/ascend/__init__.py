"""For scripts of Ascend's model cards: their flags, log lines, files, tools.

Sees export and the estimator's hooks. Of the core only runner_lib sees it, for
the lines that card_log adds to a training's output.
"""
