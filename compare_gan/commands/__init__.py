"""One file per verb of `python -m compare_gan <verb>`."""
