"""Metrics: one file, one formula, in float64 on the host."""
