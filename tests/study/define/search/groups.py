"""Groups, and what a phase proposes for them."""

from compare_gan.study.define import search

ALL = search.Group("all", lambda line: False, frozenset())
NO_LAMBA = search.Group("none", lambda line: False, frozenset(["lamba"]))
L2 = search.Group("l2", lambda line: line == "penalty.fn = @l2", frozenset())

RANGES = {"lr": ("log", 1e-5, 1e-2), "lamba": ("log", 1e-1, 1e2)}


def settings(phase, group=ALL, trials=(), round_=0, seed=123):
  return phase.settings(search.History(group, list(trials)), round_, seed)
