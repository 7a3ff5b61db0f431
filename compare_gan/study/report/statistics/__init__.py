"""Statistics of a study, one subject a file: pure functions of its table."""
