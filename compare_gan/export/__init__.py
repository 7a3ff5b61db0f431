"""Models in and out: checkpoints of others, and files for others."""
