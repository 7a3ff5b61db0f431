"""A generator as one HTML page: its program, the interpreter, the page."""
