"""Proposes how to train a card with the memory and the time there is.

  python -m compare_gan fit biggan_cifar.gin --ram 8GB
  python -m compare_gan fit biggan_cifar.gin --ram 8GB --minutes 60 \\
    --out fit.gin
  python -m compare_gan fit biggan_cifar.gin --json

It keeps the card's batch as long as that is possible: in parts, then with
recomputation, and makes it smaller only at last. Three steps of what it
proposes are timed in a process of their own, whose memory is measured. See
docs/performance.md.
"""

import argparse
import json

from compare_gan import console
from compare_gan.fit import proposal
from compare_gan.fit import schedule
from compare_gan.storage import files


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("cards", nargs="+", help="gin files, or names of cards in configs/")
  add(
    "--gin_bindings",
    action="append",
    default=[],
    help="may be repeated; what they set is kept",
  )
  add(
    "--ram",
    help="memory of the process, or of the GPU: 8GB, 7.5GiB; default: what is "
    "free",
  )
  add("--minutes", type=float, help="time of the training: how many steps fit")
  add("--run_config", default="auto", help="auto, cpu or gpu")
  add("--data_fake_dataset", action="store_true", help="use noise as images")
  add(
    "--timeout_s",
    type=float,
    default=600.0,
    help="the most that the timed steps may take; default: %(default)g",
  )
  add(
    "--schedule",
    choices=["train", "eval_after_train"],
    default="train",
    help="whether --minutes includes sampling for scores",
  )
  add(
    "--eval_every_steps",
    type=console.whole(1),
    default=5000,
    help="as for a training",
  )
  add(
    "--num_eval_averaging_runs",
    type=console.whole(1),
    default=3,
    help="as for it",
  )
  add("--out", help="gin file to write: the card with what is proposed")
  add("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
  evaluations = None
  if args.schedule == "eval_after_train":
    evaluations = schedule.Evaluations(
      args.eval_every_steps, args.num_eval_averaging_runs
    )
  found = proposal.propose(
    proposal.Asked(
      args.cards,
      args.gin_bindings,
      args.ram,
      args.run_config,
      args.minutes,
      args.data_fake_dataset,
      args.timeout_s,
      evaluations,
    )
  )
  if args.out:
    files.write_text(args.out, proposal.gin_text(found))
  if args.json:
    print(json.dumps(found.to_dict(), indent=2))
    return
  print(proposal.to_text(found))
  if args.out:
    print(
      f"Wrote {args.out}: `python -m compare_gan.main --gin_config={args.out}`."
    )
