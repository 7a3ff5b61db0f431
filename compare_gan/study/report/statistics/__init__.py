"""Statistics of a study, one subject per file: pure functions of its table."""
