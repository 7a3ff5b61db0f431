"""Whatever must not be lost.

files and locks are leaves, which every room may use. checkpoints, model_dir,
restart, task_manager and transfer know what a model_dir holds.
"""
