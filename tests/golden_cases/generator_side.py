"""Latents that D likes better, in training and in sampling."""

from compare_gan.evaluation import ddls
from compare_gan.evaluation import rejection
from compare_gan.gans import latent_optimization
import numpy as np
import tensorflow as tf

_WEIGHTS = ["G1", "G2", "D1", "D2"]


def _score(t):
  """Returns z -> D(G(z)) of recorded weights."""

  def score(z):
    images = tf.tanh(tf.tanh(z @ t["G1"]) @ t["G2"])
    return tf.tanh(images @ t["D1"]) @ t["D2"]

  return score


def _latent_optimisation(inputs, params):
  t = {name: tf.convert_to_tensor(x) for name, x in inputs.items()}
  weights = [t[name] for name in _WEIGHTS]
  moves = np.asarray(params["optimised"], np.float32)[:, None]
  score = _score(t)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(weights)
    gradient = latent_optimization.slope(score, t["z"])
    delta = moves * latent_optimization.step(
      gradient, params["alpha"], params["beta"]
    )
    z = latent_optimization.moved(t["z"], delta)
    logits = score(z)
    cost = latent_optimization.cost(delta)
    g_loss = -tf.reduce_mean(logits) + params["w_r"] * cost
    stopped = -tf.reduce_mean(score(tf.stop_gradient(z)))
  found = tape.gradient(g_loss, weights)
  return {
    "gradient": gradient,
    "delta": delta,
    "z_new": z,
    "logits": logits,
    "cost": cost,
    "g_loss": g_loss,
    **{f"grad_{name}": one for name, one in zip(_WEIGHTS, found)},
    "grad_G1_stopped": tape.gradient(stopped, t["G1"]),
  }


def _ddls(inputs, params):
  z, trace = tf.constant(inputs["z"]), []
  for noise in inputs["noise"][: params["steps"]]:
    z = ddls.langevin_step(
      _score(inputs), z, noise, params["eps"], params["noise_std"]
    )
    trace.append(z)
  return {"z": tf.stack(trace)}


def _rejection(inputs, params):
  f = rejection.log_odds(
    inputs["logits"][:, 0], params["maximum"], params["eps"]
  )
  return {"F": f, "p": rejection.acceptance(f, params["gamma"])}


CASES = {
  "latent_optimisation": _latent_optimisation,
  "ddls": _ddls,
  "rejection": _rejection,
}
