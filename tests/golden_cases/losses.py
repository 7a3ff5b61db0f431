"""Losses: values, and gradients with respect to both logits."""

from compare_gan.gans import loss_lib
from compare_gan.gans import top_k
import tensorflow as tf

from tests import golden_cases

_LOGITS = ["d_real_logits", "d_fake_logits"]
_SHORT = {"d_real_logits": "real", "d_fake_logits": "fake"}


def _outputs(fn, inputs):
  """Returns d_loss, g_loss, d_grad_real, ... of a loss."""
  found = {}
  for side in ("d", "g"):
    results = golden_cases.with_gradients(
      lambda x, side=side: getattr(fn(**x), f"{side}_loss"),
      inputs,
      _LOGITS,
      f"{side}_loss",
      f"{side}_grad_",
    )
    for name, result in results.items():
      for long, short in _SHORT.items():
        name = name.replace(long, short)
      found[name] = result
  return found


def _of(fn):
  return lambda inputs, params: _outputs(
    lambda **logits: fn(**logits, **params), inputs
  )


class _Best(top_k.TopK):
  """The k of a recorded case."""

  def __init__(self, k):
    super().__init__(steps_per_epoch=1)
    self._k = k

  def k(self, batch_size, epoch):
    return tf.constant(self._k)


def _top_k_of(fn):
  return lambda inputs, params: _outputs(
    lambda **logits: loss_lib.get_losses(
      **logits, fn=fn, top_k=_Best(params["k"]), more={"step": 0}
    ),
    inputs,
  )


CASES = {
  "relativistic_paired": _of(loss_lib.relativistic_paired),
  "relativistic_average_hinge": _of(loss_lib.relativistic_average_hinge),
  "lsgan_abc": _of(loss_lib.lsgan),
  "non_saturating_one_sided_smoothing": _of(loss_lib.non_saturating),
  "soft_hinge": _of(loss_lib.soft_hinge),
  "dual_contrastive": _of(loss_lib.dual_contrastive),
  "non_saturating_topk": _top_k_of(loss_lib.non_saturating),
  "hinge_topk": _top_k_of(loss_lib.hinge),
}
