"""How much memory there is, what a step needs, and whether it fits.

memory_limit says how much, step_memory what a step needs, memory_check compares
them. Sees attention in layers/, whose block size it proposes.
"""
