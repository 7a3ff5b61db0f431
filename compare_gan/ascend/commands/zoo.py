"""Runs a model card by its own flags: what they mean here is printed first.

python -m compare_gan zoo bigbigan --dataset_path D --result_path R
python -m compare_gan zoo biggan --dataset data/cifar10 --dry_run
python -m compare_gan zoo dcgan --dataset celebA --crop

Over what the flags mean stand --gin_bindings and --run_config, as in
compare_gan.main:

python -m compare_gan zoo bigbigan ... --gin_bindings='options.z_dim = 60'
"""

import argparse
import shlex
import subprocess
import sys

from compare_gan.ascend.zoo import plan as plan_lib


def add_arguments(parser: argparse.ArgumentParser) -> None:
  cards = parser.add_subparsers(dest="card", required=True)
  for name, module in plan_lib.cards().items():
    card = cards.add_parser(name, description=module.__doc__)
    card.add_argument(
      "--dry_run", action="store_true", help="print the command and run nothing"
    )
    card.add_argument("--model_dir", help="folder to use instead of the card's")
    card.add_argument(
      "--gin_bindings",
      action="append",
      default=[],
      help="gin binding that overrides those of the flags; may be repeated",
    )
    card.add_argument("--run_config", help="as for compare_gan.main")
    module.add_arguments(card)


def run(args: argparse.Namespace) -> None:
  card = plan_lib.cards()[args.card]
  plan = card.plan(args)
  if args.model_dir:
    plan = plan.moved_to(args.model_dir)
  plan = plan.overridden(args.gin_bindings, args.run_config)
  print(f"# On top of configs/{plan.card}:\n{plan.gin_text()}\n")
  for note in plan.notes:
    print(f"# {note}")
  commands = [[sys.executable, "-m", "compare_gan", *c] for c in plan.then]
  if plan.trains:
    main = [sys.executable, "-m", "compare_gan.main", *plan.arguments()]
    commands.insert(0, main)
  if args.dry_run:
    for command in commands:
      print(shlex.join(command))
    return
  if hasattr(card, "write_flags"):
    card.write_flags(args, plan.model_dir)
  for command in commands:
    sys.stdout.flush()
    status = subprocess.run(command).returncode
    if status:
      raise OSError(f"{shlex.join(command)} ended with status {status}.")
