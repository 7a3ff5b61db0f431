"""What a study says: statistics, answers in words, tables and the page."""
