"""Words of a command line, as a shell leaves them."""

from collections.abc import Iterable
import os
import re

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
