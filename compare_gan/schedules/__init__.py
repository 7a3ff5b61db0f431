"""The two halves of a schedule: training a model, and scoring its checkpoints.

`runner_lib` puts them together. They see every room that a run needs, but not
the commands, studies or exports. Hooks of your own are named by
`run_config.hooks`, see estimator/hook_kinds.py.
"""
