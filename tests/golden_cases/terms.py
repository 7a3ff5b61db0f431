"""Terms on a small discriminator, on kernels, and on a small generator."""

import types

from compare_gan.gans import loss_lib
from compare_gan.gans import seen as seen_lib
from compare_gan.gans.terms import consistency
from compare_gan.gans.terms import feature_matching
from compare_gan.gans.terms import gradient_penalty
from compare_gan.gans.terms import lecam
from compare_gan.gans.terms import orthogonal
from compare_gan.gans.terms import path_length
from compare_gan.gans.terms import r1
from compare_gan.gans.terms import slopes as slopes_lib
from compare_gan.gans.terms import spectral
import numpy as np
import tensorflow as tf

from tests import golden_cases
from tests.golden_cases import with_gradients

_WEIGHTS = ["W1", "b1", "w2", "b2"]


def _discriminator(t):
  """Returns D(images, y) of recorded weights, for pixels in [-1, 1]."""

  def d(x, y=None):
    h = tf.tanh(tf.reshape(x, [tf.shape(x)[0], -1]) @ t["W1"] + t["b1"])
    return types.SimpleNamespace(logits=h @ t["w2"] + t["b2"])

  return d


def _of_unit_pixels(d):
  """Returns the same for pixels in [0, 1], as they are in this library."""
  return lambda x, y: d(2.0 * x - 1.0, y)


def _unit(x):
  return 0.5 * (x + 1.0)


def _alphas(*draws):
  left = list(draws)
  return lambda shape: left.pop(0)


# ---- Slopes of D -------------------------------------------------------------


def _penalty(fn, alpha="alpha", **options):
  def outputs(inputs, params):
    chosen = {**options}
    if "eps" in params:
      chosen["epsilon"] = params["eps"]
    if "centre" in params:
      chosen["target"] = params["centre"]

    def compute(t):
      draws = [t[name] for name in ("alpha", "noise") if name in t]
      return fn(
        _of_unit_pixels(_discriminator(t)),
        _unit(t["x"]),
        _unit(t["x_fake"]),
        None,
        None,
        _alphas(*draws),
        **chosen,
      )

    found = with_gradients(compute, inputs, _WEIGHTS)
    d = _discriminator({k: tf.constant(v) for k, v in inputs.items()})
    x = inputs["x"] + inputs["alpha"] * (inputs["x_fake"] - inputs["x"])
    found["slopes"] = slopes_lib.norms(
      slopes_lib.gradients(d, tf.constant(x), None), 0.0
    )
    return found

  return outputs


def _perturbed(inputs, params):
  """The noise of the reference is not centred, and of pixels in [-1, 1]."""

  def compute(t):
    points = gradient_penalty.perturbed(t["x"], t["alpha"], t["noise"])
    gradients = slopes_lib.gradients(_discriminator(t), points, None)
    norms = slopes_lib.norms(gradients, params["eps"])
    return tf.reduce_mean(tf.square(norms - 1.0))

  return with_gradients(compute, inputs, _WEIGHTS)


def _slopes(t, augment=lambda x: x, wanted=seen_lib.SLOPES):
  """Returns the slopes that a pass over real and fake images gives."""
  d = _discriminator(t)
  real, fake = _unit(t["x"]), _unit(t["x_fake"])
  slopes = seen_lib.Slopes(list(wanted), real, fake)
  with slopes.watching():
    scored = seen_lib.Scored(
      None,
      None,
      d(augment(2.0 * real - 1.0)),
      d(augment(2.0 * fake - 1.0)),
      {},
    )
  return slopes, scored


def _stretched(x):
  mean = tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True)
  return mean + 1.4 * (x - mean)


def _r1(augment=lambda x: x):
  def compute(t):
    slopes, scored = _slopes(t, augment, ["real_slopes"])
    return r1.r1(slopes.of("real_slopes", scored))

  return lambda inputs, params: with_gradients(compute, inputs, _WEIGHTS)


def _r1_after(inputs, params):
  def compute(t):
    x = _unit(_stretched(t["x"]))
    return r1.r1(
      slopes_lib.papers_gradients(_of_unit_pixels(_discriminator(t)), x, None)
    )

  return with_gradients(compute, inputs, _WEIGHTS)


def _r1_plus_r2(t):
  slopes, scored = _slopes(t)
  return r1.r1_r2(*(slopes.of(name, scored) for name in seen_lib.SLOPES))


def _r3gan(inputs, params):
  def compute(t):
    d = _discriminator(t)
    losses = loss_lib.relativistic_paired(
      d(t["x"]).logits, d(t["x_fake"]).logits
    )
    return losses.d_loss + params["gamma"] * _r1_plus_r2(t)

  return with_gradients(compute, inputs, _WEIGHTS)


# ---- Consistency -------------------------------------------------------------


def _moves(params):
  return [
    tf.constant(np.reshape(golden_cases.value(params[n]), [-1, 1]), tf.int32)
    for n in ("flip", "dy", "dx")
  ]


def _flipped(inputs, params):
  return {"y": consistency.transformed(inputs["x"], *_moves(params))}


def _cr(inputs, params):
  def compute(t):
    d = _discriminator(t)
    view = d(consistency.transformed(t["x"], *_moves(params)))
    return consistency.CR()(d(t["x"]).logits, [view.logits])

  return with_gradients(compute, inputs, _WEIGHTS)


def _bcr(inputs, params):
  def compute(t):
    d = _discriminator(t)
    views = [
      d(consistency.transformed(t[name], *_moves(params))).logits
      for name in ("x", "x_fake")
    ]
    term = consistency.BCR(params["lambda_real"], params["lambda_fake"])
    return term(d(t["x"]).logits, d(t["x_fake"]).logits, views)

  return with_gradients(compute, inputs, _WEIGHTS)


def _zcr(inputs, params):
  def compute(t):
    d = _discriminator(t)
    near = d(t["x_fake_perturbed"]).logits
    return params["lambda_dis"] * consistency.ZCR()(
      d(t["x_fake"]).logits, [near]
    )

  found = with_gradients(compute, inputs, _WEIGHTS)
  of_g = with_gradients(
    lambda t: (
      params["lambda_gen"]
      * consistency.diversity(_unit(t["x_fake"]), _unit(t["x_fake_perturbed"]))
    ),
    inputs,
    ["x_fake", "x_fake_perturbed"],
    "g_term",
    "g_grad_",
  )
  return {**found, **{k.replace("x_fake", "fake"): v for k, v in of_g.items()}}


def _feature_matching(inputs, params):
  found = {}
  for distance in ("l1", "squared"):
    results = with_gradients(
      lambda t, distance=distance: feature_matching.feature_matching(
        t["real_features"], t["fake_features"], distance
      ),
      inputs,
      ["fake_features"],
      distance,
      f"{distance}_grad_",
    )
    found.update(
      {k.replace("fake_features", "fake"): v for k, v in results.items()}
    )
  return found


# ---- LeCam -------------------------------------------------------------------


def _lecam(inputs, params):
  """With averages that have gathered without bias, and do not move any more."""
  found = {}
  for name, relu in (("relu", True), ("plain", False)):

    def compute(t, relu=relu):
      return lecam.distance(
        t["real_logits"],
        t["fake_logits"],
        params["real_anchor"],
        params["fake_anchor"],
        relu,
      )

    results = with_gradients(
      compute, inputs, ["real_logits", "fake_logits"], name, f"{name}_grad_"
    )
    found.update({k.replace("_logits", ""): v for k, v in results.items()})
  return found


def _anchor_trace(inputs, params):
  """Returns the averages after each of several batch means."""
  debiased, copied = [], []
  term = lecam.LeCam(decay=params["debias_decay"])
  late = lecam.LeCam(
    decay=params["decay"], start=params["start_iter"], debias=False
  )
  for mean in inputs["batch_means"]:
    for one, trace in ((term, debiased), (late, copied)):
      trace.append(float(one.used(one.real, mean)))
      one.move(real=mean, fake=mean)
  return {"zero_debias": debiased, "copy_below_start": copied}


# ---- Kernels -----------------------------------------------------------------


def _kernel(fn, gradient="grad"):
  def outputs(inputs, params):
    found = with_gradients(lambda t: fn([t["kernel"]]), inputs, ["kernel"])
    return {"value": found["value"], gradient: found["grad_kernel"]}

  return outputs


def _spectral(inputs, params):
  u0 = inputs["u0"]

  def compute(t):
    w = tf.reshape(t["kernel"], [-1, t["kernel"].shape[-1]])
    u, v = spectral.power_iteration(w, u0, params["iterations"])
    return spectral.half_square(w, u, v)

  found = with_gradients(compute, inputs, ["kernel"])
  w = tf.reshape(inputs["kernel"], [-1, inputs["kernel"].shape[-1]])
  u, v = spectral.power_iteration(w, u0, params["iterations"])
  return {
    "value": found["value"],
    "grad": found["grad_kernel"],
    "u": u,
    "v": v,
    "sigma": tf.reduce_sum(u * tf.matmul(w, v)),
  }


def _exact_spectral(inputs, params):
  """Started at the singular vector, power iteration stays there."""
  kernel = inputs["kernel"].astype(np.float64)
  u, _, _ = np.linalg.svd(kernel.reshape([-1, kernel.shape[-1]]))
  start = u[:, :1].astype(np.float32)
  found = _spectral({**inputs, "u0": start}, {"iterations": 1})
  return {"value": found["value"], "grad": found["grad"]}


def _biggan_pytorch(inputs, params):
  found = _kernel(
    lambda kernels: orthogonal.orthogonal_penalty(kernels, factor=0.5)
  )(inputs, params)
  return {"grad": found["grad"]}


# ---- G's side ----------------------------------------------------------------


def _path_length(inputs, params):
  n = inputs["ws"].shape[0]
  noise = np.transpose(inputs["noise_nchw"], [0, 2, 3, 1])
  size = noise.shape[1]
  term = path_length.PathLength(decay=params["decay"], fraction=1.0)
  values, means, traces = [], [], []

  def compute(t):
    def synthesis(w, y):
      flat = tf.reshape(w, [n, -1])
      image = tf.tanh(tf.tanh(flat @ t["A1"]) @ t["A2"])
      return _unit(tf.reshape(image, [n, size, size, 3]))

    draws = [t["ws"][:, 0], noise]
    value, statistics = term(
      lambda z, y: t["ws"],
      synthesis,
      t["ws"][:, 0],
      None,
      lambda shape: draws.pop(0),
    )
    means.append(statistics["length"])
    return params["weight"] * value

  found = with_gradients(compute, inputs, ["A1", "A2"])
  first = {f"grad_{n}_first": found[f"grad_{n}"] for n in ("A1", "A2")}
  constants = {k: tf.constant(v) for k, v in inputs.items()}
  for _ in range(3):
    values.append(float(compute(constants)))
    term.move(means[-1])
    traces.append(float(term.mean))
  lengths = _path_lengths(constants, noise)
  return {**first, "values": values, "pl_mean": traces, "lengths": lengths}


def _path_lengths(t, noise):
  w = t["ws"]
  with tf.GradientTape() as tape:
    tape.watch(w)
    flat = tf.reshape(w, [w.shape[0], -1])
    image = tf.tanh(tf.tanh(flat @ t["A1"]) @ t["A2"])
    along = tf.reshape(image, noise.shape) * path_length.scaled(noise)
    total = tf.reduce_sum(along)
  return path_length.lengths(tape.gradient(total, w))


_gp = gradient_penalty
CASES = {
  "two_sided_interpolated": _penalty(_gp.gradient_penalty),
  "one_sided_interpolated": _penalty(_gp.gradient_penalty, one_sided=True),
  "zero_centred_interpolated": _penalty(_gp.zero_centered_penalty),
  "max_gp": _penalty(_gp.max_gradient_penalty),
  "dragan_of_studiogan": _perturbed,
  "r1": _r1(),
  "r1_before_augmentation": _r1(_stretched),
  "r1_after_augmentation": _r1_after,
  "r1_plus_r2": lambda inputs, params: with_gradients(
    _r1_plus_r2, inputs, _WEIGHTS
  ),
  "r3gan_d_loss": _r3gan,
  "flip_then_translate": _flipped,
  "cr": _cr,
  "bcr": _bcr,
  "zcr": _zcr,
  "feature_matching": _feature_matching,
  "lecam": _lecam,
  "anchor_trace": _anchor_trace,
  "spectral_regularisation_power": _spectral,
  "spectral_regularisation_exact": _exact_spectral,
  "orthogonal": _kernel(orthogonal.soft_orthogonal),
  "orthogonal_off_diagonal": _kernel(orthogonal.orthogonal_penalty),
  "orthogonal_double_soft": _kernel(orthogonal.double_soft_orthogonal),
  "orthogonal_mutual_coherence": _kernel(orthogonal.mutual_coherence),
  "orthogonal_srip_exact": _kernel(
    lambda kernels: orthogonal.srip(kernels, iterations=300)
  ),
  "orthogonal_gradient_of_biggan_pytorch": _biggan_pytorch,
  "path_length": _path_length,
}
