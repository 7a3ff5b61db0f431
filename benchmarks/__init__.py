"""Programs that measure; each prints its figures and, last, a line of JSON."""
