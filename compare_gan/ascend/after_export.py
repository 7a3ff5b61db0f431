"""What `compare_gan export` adds for an Ascend 310: a flag, and two commands.

They compile a frozen graph and run it on files, see atc.py.
"""

import argparse
from typing import Any
from typing import Optional

from compare_gan.ascend import atc
from compare_gan.export import signatures

_FORMAT = "pb"  # the format that the compiler reads


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds --soc_version."""
  parser.add_argument(
    "--soc_version",
    default="Ascend310",
    help="soc_version in the printed atc command",
  )


def commands(
  args: argparse.Namespace,
  gan: Any,
  signature: signatures.Signature,
  batch: Optional[int],
  path: str,
) -> list[str]:
  """Returns the commands to run next, none for other formats.

  Args:
    args: the flags of `export`.
    gan, signature, batch, path: what was written, and where.
  """
  if args.format != _FORMAT:
    return []
  fixed = signature.inputs(gan, batch or signature.batch)
  return [
    atc.atc(path, fixed, signature.output, args.soc_version),
    atc.msame(path, fixed),
  ]
