"""Watchdogs: is a training still healthy, and what happens if it is not?

  hook.py      a hook that the estimator calls between loops of steps. Every
               `watchdog.every_steps` steps it
    probe.py     looks at the GAN: a fixed z, fixed real images, all variables;
                 this changes nothing
    signals/     turns the look into numbers, one row for each look, and judges
                 the rows so far. One file a signal: not_finite, explosion,
                 sleep, starvation, diversity, saturation. `signal.py` is what
                 they have in common
    curve.py     the rows, in watchdogs.jsonl of the model_dir
    states.py    makes the findings of all signals one state in words: healthy,
                 D winning, collapsed, diverged, asleep
    diagnosis.py writes diagnosis.json: the state, why, the curve that led to
                 it, and what usually helps
    actions.py   `watchdog.action`: log, stop, or go back
    rates.py     the learning rates after a training went back

The state stands beside the losses in the progress line, and in TensorBoard.

What a signal finds is a function of the rows alone, and a row is a function of
the variables. A training that goes on from a checkpoint drops the rows after
it, so it comes to the same findings as one that was never interrupted.

A signal of your own extends `signal.Signal`; `watchdog.signals` names it, by
@name or by its dotted path. The room sees estimator.hooks, gans, storage, and
what evaluation draws latents with.
"""
