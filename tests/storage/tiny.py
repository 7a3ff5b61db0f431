"""Rows and checkpoints that tests of storage share."""

import dataclasses

from compare_gan.evaluation import protocol as protocol_lib
from compare_gan.storage import checkpoints
from compare_gan.storage.score_row import ScoreRow
import tensorflow as tf

FID, KID, OTHER_KID = ("fid", {}), ("kid", {"size": 9}), ("kid", {"size": 8})


def row(step, value=1.5, protocol="aa", **changes):
  given = {
    "checkpoint_path": f"model.ckpt-{step}",
    "step": step,
    "scores": {"fid": value},
    "lists": {"fid": [value - 0.5, value + 0.5]},
    "intervals": {},
    "errors": {},
    "protocol": {},
    "protocol_digest": protocol,
    "config": {"options.z_dim": "128"},
  }
  return ScoreRow(**{**given, **changes})


def card_row(step, *metrics, value=1.5, **facts):
  """Returns a row whose card knows its metrics, each with one score."""
  entries = {
    name: {"parameters": parameters, "uses": []} for name, parameters in metrics
  }
  card = {"form": 2, "metrics": entries, **facts}
  names = [name for name, _ in metrics]
  made = row(
    step,
    protocol=protocol_lib.digest(card),
    scores=dict.fromkeys(names, value),
    lists={name: [value] for name in names},
    metrics={name: [name] for name in names},
  )
  return dataclasses.replace(made, protocol=card)


def checkpoint(folder, step):
  checkpoints.write(str(folder), step, {"x": tf.constant(float(step))})
