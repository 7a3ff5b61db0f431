"""Which settings a study tries: the phases of `study.search`.

  study.search = [@fixed_sets(), @gp_bandit()]

A setting is {name: number}. A phase returns the settings of one group of cells
at a time. A group is cells that share a search, for example all cells of one
loss, penalty and normalisation. Two phases of one kind need two scopes of gin:

  study.search = [@wide/random_search(), @narrow/random_search()]
  wide/random_search.name = "wide"

The meaning of a setting can depend on the group, and so can whether it has an
effect. `where` replaces values for the groups whose cells all have a binding.
Settings that are inert in a group (`study.inert`) are left out there:

  gp_bandit.where = {"penalty.fn = @l2_penalty": {"lamba": ("log", 1e-4, 10)}}

Ranges are ("log", low, high), ("linear", low, high), which include low but not
high, or ("discrete", [values]).

A phase of your own is a gin configurable that derives from phase.Phase; a study
file loads it with gin's `import`.
"""

from compare_gan.study.define.search.gp_bandit import GpBandit
from compare_gan.study.define.search.known_settings import FixedSets
from compare_gan.study.define.search.known_settings import Grid
from compare_gan.study.define.search.known_settings import Listed
from compare_gan.study.define.search.phase import Group
from compare_gan.study.define.search.phase import History
from compare_gan.study.define.search.phase import Phase
from compare_gan.study.define.search.random_search import RandomSearch
from compare_gan.study.define.search.repeat_best import RepeatBest

__all__ = [
  "FixedSets",
  "GpBandit",
  "Grid",
  "Group",
  "History",
  "Listed",
  "Phase",
  "RandomSearch",
  "RepeatBest",
]
