"""For scripts of Ascend's model cards: their flags, log lines, files, tools.

Sees export and the estimator's hooks. The core does not see this room: card_log
registers its hook with estimator/hook_kinds.py when gin's names are registered.
"""
