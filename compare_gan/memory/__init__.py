"""How much memory there is, what a step needs, and whether it fits.

Sees attention's block size in layers/, and the leaves.
"""
