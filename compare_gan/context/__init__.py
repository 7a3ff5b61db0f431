"""What surrounds a forward pass: given once, not handed through each call.

scope: names and first values of variables.  state: what a pass leaves behind.
recompute: activations that are not kept.    draws: random numbers by position.
replica: which one runs, and their means.    precision: what is computed in.
pixels: images as networks take them.        graphs: walks over what was traced.
Every room may look in here; it looks into none.
"""
