"""From arrays to pictures for people: grids, sheets with words, charts, files.

Sees only leaves, so that any room may draw. Pictures of a model are made in
looks/. A new form of picture is a file here.
"""
