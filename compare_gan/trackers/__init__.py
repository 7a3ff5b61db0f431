"""Where the numbers, pictures and tables of a run go, apart from its files.

TensorBoard's files are always written; `run_config.trackers` names others. No
tracker is needed to train, and none is imported before it is named.

This room sees the leaves alone. Add a tracker as a file with a class that
extends abstract_tracker.Tracker. Your own is a @name or a dotted path in
`run_config.trackers`, see docs/trackers.md.
"""
