"""Numbers recorded from the literature's code, and how to get ours.

A file of recorded numbers is {"cases": [{name, source, inputs, params,
outputs}]}. A module here has `CASES`: {name: function(inputs, params) -> the
outputs}, where what is recorded is compared with what is returned.

A file of another form has a "kind", {"kind": "stylegan2", ...}. A module here
that knows it has `CHECKS`: {kind: functions of such a file that raise}.
"""

import functools
import importlib
import pkgutil

import numpy as np
import tensorflow as tf


def functions():
  """Returns {name of a case: function(inputs, params) -> {output: value}}."""
  return _joined("CASES")


def checks():
  """Returns {kind of a file: [check(file), ...]}."""
  return _joined("CHECKS")


@functools.cache
def _joined(attribute):
  found = {}
  for info in pkgutil.iter_modules(__path__):
    module = importlib.import_module(f"{__name__}.{info.name}")
    more = getattr(module, attribute, {})
    doubled = set(found) & set(more)
    assert not doubled, f"{info.name} has {doubled} again"
    found.update(more)
  return found


def made_input(rule):
  """Returns the array that a rule describes."""
  rng = np.random.RandomState(rule["seed"])
  shape = rule["shape"]
  if rule["rule"] == "randint":
    return rng.randint(0, rule["high"], size=shape).astype(np.int32)
  draw = {
    "randn": lambda: rng.randn(*shape),
    "uniform": lambda: rng.uniform(size=shape),
  }
  scale, offset = rule.get("scale", 1.0), rule.get("offset", 0.0)
  return (offset + scale * draw[rule["rule"]]()).astype(np.float32)


def value(recorded):
  """Returns a number as it is, and {"shape", "values"} as an array."""
  if isinstance(recorded, dict) and set(recorded) == {"shape", "values"}:
    return np.reshape(recorded["values"], recorded["shape"])
  return recorded


def with_gradients(compute, inputs, names, value_name="value", prefix="grad_"):
  """Returns {value_name: compute(tensors), prefix + name: its gradient}."""
  tensors = {name: tf.convert_to_tensor(x) for name, x in inputs.items()}
  with tf.GradientTape() as tape:
    tape.watch([tensors[name] for name in names])
    result = compute(tensors)
  gradients = tape.gradient(
    result,
    [tensors[name] for name in names],
    unconnected_gradients=tf.UnconnectedGradients.ZERO,
  )
  return {
    value_name: result,
    **{f"{prefix}{name}": g for name, g in zip(names, gradients)},
  }
