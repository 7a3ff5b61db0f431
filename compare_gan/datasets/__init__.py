"""Images with labels: readers, built-in datasets, the stream of batches.

Sees only leaves. Your own dataset is a class that extends in_memory.
InMemoryDataset or abstract_dataset.AbstractDataset, in any package, and
dataset.name is its dotted path. A new reader or built-in dataset is a file
here; catalogue.py says what it offers.
"""
