"""Words of a command line, as a shell leaves them."""

import argparse
from collections.abc import Iterable
import os
import re
from typing import Callable
from typing import Optional

_FLAG = re.compile(r"(--\w[\w-]*=)(~.*)", re.DOTALL)


def expand_homes(words: Iterable[str]) -> list[str]:
  """Returns words in which "--out=~/a" names the home directory.

  Shells expand "~/a" only at the start of a word. It would be a folder "~".
  """
  matches = ((word, _FLAG.fullmatch(word)) for word in words)
  return [
    match[1] + os.path.expanduser(match[2]) if match else word
    for word, match in matches
  ]


def whole(least: int, most: Optional[int] = None) -> Callable[[str], int]:
  """Returns the type, for argparse, of whole numbers in a range."""
  allowed = f"of {least} or more" if most is None else f"from {least} to {most}"

  def read(text: str) -> int:
    try:
      number = int(text)
    except ValueError:
      number = least - 1
    if number < least or (most is not None and number > most):
      raise argparse.ArgumentTypeError(
        f"{text!r}. It must be a whole number {allowed}."
      )
    return number

  return read


# Of random numbers, TensorFlow's have 64 bits.
seed = whole(-(2**63), 2**63 - 1)
