"""Features: from images to the rows of numbers that metrics compare."""
