"""Reports a study's results: statistics, answers in words, tables, the page."""
