"""Feature extractors: images -> rows that metrics compare.

Sees layers, datasets' contract and metrics/fid.py. abstract_extractor.py says
what one of your own has; gin's `import my_package.my_features` loads it.
"""
