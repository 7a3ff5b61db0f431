"""Regularisers, one a file: what is added to the loss of D or of G.

A term is a function that names what it needs as its parameters (seen.py lists
what there is), or a class whose objects are called like that and have state.
Weight, interval and schedule are given around it, by penalty_lib.Term.

It may use context and layers. One's own is a file anywhere, made known by gin's
`import my_package.my_term`; one here is found without being listed.
"""

TERMS = "compare_gan.gans.terms"  # the module of its names for gin
# Where gin knew the penalties that stood in one file once.
PENALTY_LIB = "compare_gan.gans.penalty_lib"
