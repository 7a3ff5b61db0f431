"""Which network "Inception" means: its file, its tensors, and gin's bindings.

Nothing here needs TensorFlow, so commands can use it before they load anything.
"""

import argparse

FILE = "frozen_inception_v1_2015_12_05.tar.gz"
MEMBER = "inceptionv1_for_inception_score.pb"
HUB = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
INPUT = "Mul:0"  # pixels as (x - 128) / 128
OUTPUTS = ("pool_3:0", "logits:0")
PIXELS = 299  # a side
# {inception.resize: the extractor's name, which is part of a score's name}
NAMES = {"tf1_bilinear": "inception", "clean": "inception_clean"}
FLAG = "--myevalinception"


def bindings(path: str) -> list[str]:
  """Returns the gin bindings that are equivalent to the flag."""
  return [f"inception.path = {path!r}", "evaluate.features = @inception"]


def add_flag(parser: argparse.ArgumentParser) -> None:
  """Adds --myevalinception."""
  parser.add_argument(FLAG, help=FILE)
