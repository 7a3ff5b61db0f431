"""From arrays to pictures for people: grids, sheets with words, charts, files.

Sees only leaves, so that any room may draw. What is drawn of a model stands in
looks/. A new form of picture is a file here.
"""
