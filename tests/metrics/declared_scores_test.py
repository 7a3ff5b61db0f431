"""Each score that a metric returns is declared, and lies in its range."""

from compare_gan.metrics import contract
from compare_gan.metrics.authpct import authpct
from compare_gan.metrics.cmmd import cmmd
from compare_gan.metrics.data_copying import data_copying
from compare_gan.metrics.duplicates import duplicate_images
from compare_gan.metrics.duplicates import duplicates
from compare_gan.metrics.fld import fld
from compare_gan.metrics.fls import fls
from compare_gan.metrics.mind import mind
from compare_gan.metrics.p_precision_recall import p_precision_recall
from compare_gan.metrics.realism import realism
from compare_gan.metrics.sw_approx import sw_approx
from compare_gan.metrics.vendi import vendi
from compare_gan.metrics.vendi import vendi_of_classes
import gin
import numpy as np
import pytest

pytestmark = pytest.mark.versions("numpy 1.19 or 2 computes it")

# What is better: "+" more, "-" less, " " neither.
_SCORES = {
  authpct: {"authpct": "+", "authpct_heldout": " "},
  cmmd: {"cmmd": "-", "cmmd_unbiased": "-"},
  data_copying: {"c_t": " ", "c_t_z_u": " ", "c_t_share_used": " "},
  duplicate_images: {
    "duplicate_images_of_train": "-",
    "duplicate_images_of_fakes": "-",
    "near_duplicate_images": "-",
  },
  duplicates: {
    "duplicates_of_train": "-",
    "duplicates_of_fakes": "-",
    "near_duplicates": "-",
  },
  fld: {"fld": "-", "fld_gap": "+"},
  fls: {"fls": "+", "fls_overfit": "-"},
  mind: {"mind": "-"},
  p_precision_recall: {"p_precision": "+", "p_recall": "+"},
  realism: {"realism": "+", "realism_share": "+"},
  sw_approx: {"sw_approx": "-"},
  vendi: {"vendi": "+"},
  vendi_of_classes: {"vendi_of_classes": "+"},
}
_BETTER = {"+": contract.HIGHER, "-": contract.LOWER, " ": contract.NEITHER}


def _offer(metric):
  rng = np.random.RandomState(0)
  offered = {
    name: rng.rand(*([90, 4, 4, 1] if name.endswith("_images") else [90, 3]))
    for name in contract.needs(metric)
  }
  if "fake_labels" in offered:
    offered["fake_labels"] = np.arange(90) % 2
  return offered


@pytest.mark.parametrize("metric", _SCORES, ids=lambda m: m.__name__)
def test_declared(metric):
  scores = metric(**_offer(metric))
  assert list(scores) == list(_SCORES[metric])
  for name, value in scores.items():
    declared = contract.find(metric, name)
    assert declared.better == _BETTER[_SCORES[metric][name]]
    assert declared.low <= value <= declared.high
    assert declared.unit
    assert type(value) is float


@pytest.mark.parametrize("metric", _SCORES, ids=lambda m: m.__name__)
def test_inputs_are_left_alone_and_scores_repeat(metric):
  sets, before = _offer(metric), _offer(metric)
  for x in sets.values():  # In float64 a block is the array itself, no copy.
    x.flags.writeable = False
  scores = metric(**sets)
  for name in sets:
    np.testing.assert_array_equal(sets[name], before[name])
  assert metric(**sets) == scores


@pytest.mark.parametrize("metric", _SCORES, ids=lambda m: m.__name__)
def test_data_cannot_be_bound(metric):
  for name in contract.needs(metric):
    with pytest.raises(ValueError):
      gin.bind_parameter(f"{metric.__name__}.{name}", None)


def test_another_order_of_vendi_is_declared():
  [name] = vendi(np.eye(3), q="inf")
  assert contract.find(vendi, name).better == contract.HIGHER
  [name] = vendi_of_classes(np.eye(3), np.zeros(3), q=2)
  assert contract.find(vendi_of_classes, name).better == contract.HIGHER
