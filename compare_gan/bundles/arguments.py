"""--model_dir of commands, which may be a bundle, and what it stands for."""

import argparse

from compare_gan.bundles import read

_HELP = (
  "folder of a training, or a bundle: a zip, the name of a shipped one (list "
  "bundles) or hf://user/name"
)


def add(parser: argparse.ArgumentParser, required: bool = True) -> None:
  """Adds --model_dir, which is also --bundle, and the flag of trust."""
  parser.add_argument(
    "--model_dir", "--bundle", dest="model_dir", required=required, help=_HELP
  )
  add_trust(parser)


def add_trust(parser: argparse.ArgumentParser) -> None:
  """Adds the flag that accepts a bundle with code of its maker's."""
  parser.add_argument(
    read.TRUST_FLAG,
    action="store_true",
    help="accept a bundle whose gin config imports modules outside "
    "compare_gan: they are executed",
  )


def model_dir(args: argparse.Namespace) -> str:
  """Returns the model_dir that the arguments of `add` choose."""
  return read.as_model_dir(args.model_dir, args.trust_bundle_code)
