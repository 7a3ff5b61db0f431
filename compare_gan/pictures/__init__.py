"""Pictures for people: what is drawn, sheets of many images, files.

Whoever has images makes them pictures here. What can be asked of a model by
`sample --make` is a file of looks/. Sees sampling, and the readers of datasets.
"""
