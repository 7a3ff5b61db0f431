"""Which batch, parts, recomputation and precision a machine has room for.

It sees configurations, GANs (to trace a step) and the memory room. A new way to
save memory is a field of candidates.Candidate.
"""
