"""Regularisers, one a file: what is added to the loss of D or of G.

A term is a function whose parameters name what it needs (seen.py lists the
names), or a class whose objects are called in the same way and have state.
penalty_lib.Term adds weight, interval and schedule.

It may use context and layers. Your own can be in any file, registered by gin's
`import my_package.my_term`; files here are found without being listed.
"""

TERMS = "compare_gan.gans.terms"  # the module of its names for gin
# The former gin module of penalties, which were in one file.
PENALTY_LIB = "compare_gan.gans.penalty_lib"
