"""One file per verb of `python -m compare_gan <verb>`.

A command sees every room, and has no logic of its own. A new file with
`add_arguments(parser)` and `run(args)` is a new verb, whose docstring is the
help. A room can have verbs of its own, in a folder `commands`.
"""
