"""Feature extractors: images -> rows that metrics compare.

It sees layers, datasets' contract and metrics/fid.py. abstract_extractor.py
says what your own extractor needs; gin's `import my_package.my_features` loads
it.
"""
