"""How much memory there is, what a step needs, and whether it fits.

memory_limit finds how much there is, step_memory estimates what a step needs,
and memory_check compares the two. May import layers/attention, for which
memory_check proposes a block size. A new way to save memory goes to
memory_check._ways_to_save.
"""
