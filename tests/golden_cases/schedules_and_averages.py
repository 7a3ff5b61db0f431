"""Our side of the golden cases of schedules, averages and lazy steps.

CASES = {case name: function(inputs, params) -> {output name: value}}
"""

import types

from compare_gan.context import scope
from compare_gan.gans import ema
from compare_gan.gans import optimizers
from compare_gan.gans import power_ema
from compare_gan.gans import schedules
import numpy as np
import tensorflow as tf


def _variable(value, name="w"):
  value = np.asarray(value, np.float32)
  return scope.variable(name, value.shape, lambda rng, shape: value)


def _adam(params, w):
  adam = optimizers.AdamOptimizer(
    params["lr"], params["beta1"], params["beta2"], params["eps"]
  )
  if "lr_used" in params:
    k = params["interval"]
    adam = adam.corrected(k / (k + 1))
    np.testing.assert_allclose(
      [adam.learning_rate(0), *adam._betas],
      [params["lr_used"], params["beta1_used"], params["beta2_used"]],
      rtol=1e-6,
    )
  adam.build([w])
  return adam


def _lazy_adam(inputs, params, penalty_has_a_step):
  w = _variable(inputs["w0"])
  adam, seen, k = _adam(params, w), [], params["interval"]
  pairs = zip(inputs["main_gradients"], inputs["penalty_gradients"])
  for i, (main, penalty) in enumerate(pairs):
    is_due = i % k == 0
    if penalty_has_a_step:
      adam.apply_gradients([(tf.constant(main), w)], i)
      penalty = tf.constant(k * penalty)
      adam.apply_gradients([(penalty, w)], i, when=tf.constant(is_due))
    else:
      adam.apply_gradients([(tf.constant(main + is_due * k * penalty), w)], i)
    seen.append(w.numpy())
  return {"w": seen}


def _two_steps(inputs, params):
  return _lazy_adam(inputs, params, penalty_has_a_step=True)


def _one_step(inputs, params):
  return _lazy_adam(inputs, params, penalty_has_a_step=False)


def _top_k(inputs, params):
  return {
    "k": [
      schedules.top_k(epoch, params["batch"], params["gamma"], params["nu"])
      for epoch in range(params.get("epochs", 80))
    ]
  }


def _cosine(inputs, params):
  optional = {
    "warmup": params.get("warmup_nimg", 0),
    "warmup_from": params.get("warmup_value", 0.0),
    "hold": params.get("hold_base_value_nimg", 0),
  }
  schedule = schedules.cosine_schedule(
    params["base_value"],
    params["final_value"],
    params["total_nimg"],
    **optional,
  )
  return {"value": [schedule(n) for n in params["nimg"]]}


def _half_life(inputs, params):
  half_life = 1000 * params["ema_kimg"]
  size = params["batch"]
  ramped = ema.HalfLife(half_life, params["rampup"], size)
  without = ema.HalfLife(half_life, None, size)
  return {
    "beta": [ramped(step) for step in params["steps"]],
    "beta_without_rampup": without(0),
  }


def _exponent(inputs, params):
  gamma = [power_ema.exponent(width) for width in params["sigma_rel"]]
  return {"gamma": gamma, "back": list(map(power_ema.relative_width, gamma))}


def _power_beta(inputs, params):
  return {
    "beta": [
      [
        1.0 - power_ema.gain_at(t / params["dt"] - 1, power_ema.exponent(width))
        for t in params["t"]
      ]
      for width in params["sigma_rel"]
    ]
  }


def _correlation(inputs, params):
  return {
    "c": [
      power_ema.inner_product(
        power_ema.Profile(t_a, s_a), power_ema.Profile(t_b, s_b)
      )
      for t_a, s_a, t_b, s_b in params["pairs"]
    ]
  }


def _tracked(steps, widths):
  """Returns {(t, width): the power-function average of the weights up to t}."""
  w = _variable(np.zeros(steps.shape[1]))
  averages = power_ema.PowerAverages(widths)
  network = types.SimpleNamespace(trainable_variables=[w])
  averages.track(network)
  found = {}
  for t, value in enumerate(0.3 * np.cumsum(steps, axis=0), start=1):
    w.assign(value)
    averages.move(tf.constant(t - 1), stays=False)
    for v in averages.variables:
      _, is_average, width = scope.full_name(v).rpartition(power_ema.SUFFIX)
      if is_average:
        found[t, float(width)] = v.numpy()
  return found


def _post_hoc(inputs, params):
  wanted = [
    power_ema.Profile(params["out_t"], width)
    for width in params["out_sigma_rel"]
  ]
  profiles = [
    power_ema.Profile(t, width)
    for t, width in zip(params["in_t"], params["in_sigma_rel"])
  ]
  tracked = _tracked(inputs["steps"], params["tracked"])
  true = _tracked(inputs["steps"], params["out_sigma_rel"])
  snapshots = np.array([tracked[profile] for profile in profiles])
  x = [power_ema.coefficients(profiles, profile) for profile in wanted]
  return {
    "snapshots": snapshots,
    "coefficients": np.transpose(x),
    "reconstructed": [
      sum(x_i * snapshot for x_i, snapshot in zip(x_of_one, snapshots))
      for x_of_one in x
    ],
    "true": [true[profile] for profile in wanted],
  }


CASES = {
  "lazy_adam_two_steps": _two_steps,
  "lazy_adam_one_step": _one_step,
  "topk_schedule": _top_k,
  "cosine_schedule": _cosine,
  "ema_half_life": _half_life,
  "power_function_exponent": _exponent,
  "power_function_beta": _power_beta,
  "correlation": _correlation,
  "post_hoc_ema": _post_hoc,
}
