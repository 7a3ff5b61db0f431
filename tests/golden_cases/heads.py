"""Class heads: values, and gradients with respect to what a head gets."""

from compare_gan.architectures import abstract_arch
from compare_gan.gans.heads import adc
from compare_gan.gans.heads import class_head
from compare_gan.gans.heads import contrastive
from compare_gan.gans.heads import multi_hinge
from compare_gan.gans.heads import tac
from compare_gan.layers import kernel
import tensorflow as tf

from tests.golden_cases import with_gradients


def _head(compute, *names):
  """Returns a case whose labels are numbers of classes."""

  def outputs(inputs, params):
    labels = inputs["labels"]
    rest = {n: x for n, x in inputs.items() if n != "labels"}
    return with_gradients(
      lambda t: compute(t, labels, params), rest, list(names)
    )

  return outputs


def _ac(t, labels, params):
  logits = t["cls_logits"]
  return class_head.cross_entropy(logits, tf.one_hot(labels, logits.shape[1]))


def _tac(t, labels, params):
  y = tf.one_hot(labels, t["cls_logits"].shape[1])
  return tac.generator_loss(t["cls_logits"], t["twin_logits"], y)


def _adc(*sides):
  def compute(t, labels, params):
    logits = t["cls_logits"]
    y = tf.one_hot(labels, logits.shape[1] // 2)
    values = [
      class_head.cross_entropy(logits, adc.doubled(y, is_real))
      for is_real in sides
    ]
    return values[0] if len(values) == 1 else values[0] - values[1]

  return compute


def _mh_d(t, labels, params):
  y = tf.one_hot(labels, t["real_logits"].shape[1] - 1)
  return multi_hinge.multi_hinge(
    t["real_logits"], multi_hinge.with_fake(y)
  ) + multi_hinge.multi_hinge(t["fake_logits"], multi_hinge.all_fake(y))


def _mh_g(t, labels, params):
  y = tf.one_hot(labels, t["fake_logits"].shape[1] - 1)
  return multi_hinge.multi_hinge(t["fake_logits"], multi_hinge.with_fake(y))


def _with_proxies(t, labels):
  y = tf.one_hot(labels, t["proxies"].shape[0])
  return t["embed"], tf.matmul(y, t["proxies"]), y


def _2c(t, labels, params):
  return contrastive.conditional_contrastive(
    *_with_proxies(t, labels), params["temperature"]
  )


def _d2d(t, labels, params, shift=False):
  return contrastive.data_to_data_cross_entropy(
    *_with_proxies(t, labels),
    params["temperature"],
    params["margin_positive"],
    params["margin_negative"],
    shift,
  )


def _both_d2d(inputs, params):
  found = _head(_d2d, "embed", "proxies")(inputs, params)
  tensors = {n: tf.convert_to_tensor(x) for n, x in inputs.items()}
  shifted = _d2d(tensors, inputs["labels"], params, shift=True)
  return {**found, "reference_value": shifted}


def _projection(inputs, params):
  classes, size = inputs["embedding"].shape
  scores = abstract_arch.Scores(size, classes, kernel.Kernel, project_y=True)
  scores.linear.kernel.kernel.assign(inputs["w"])
  scores.embedding.kernel.kernel.assign(inputs["embedding"])
  y = tf.one_hot(inputs["labels"], classes)
  features = tf.constant(inputs["features"])
  return {"logits": scores(features, y, is_training=False).logits}


CASES = {
  "ac": _head(_ac, "cls_logits"),
  "tac_generator": _head(_tac, "cls_logits", "twin_logits"),
  "adc_discriminator_real": _head(_adc(True), "cls_logits"),
  "adc_discriminator_fake": _head(_adc(False), "cls_logits"),
  "adc_generator": _head(_adc(True, False), "cls_logits"),
  "mh_discriminator": _head(_mh_d, "real_logits", "fake_logits"),
  "mh_generator": _head(_mh_g, "fake_logits"),
  "contrastive_2c": _head(_2c, "embed", "proxies"),
  "d2dce": _both_d2d,
  "projection": _projection,
}
