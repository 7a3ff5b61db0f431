"""Whatever must not be lost: files, locks, checkpoints, scores, a model_dir.

files, locks and score_row are leaves, which every room may use. The others know
what a model_dir holds, and may import the rooms that tests/imports_test.py
lists. Everything that touches the disk goes through files.call.
"""
