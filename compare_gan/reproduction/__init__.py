"""What a training was made of, and whether it comes out again.

  bill.py         what each start of a training was made of: bill.json
  rerun.py        runs a training again, start by start, in another folder
  comparison.py   sets two model_dirs beside each other
  report.py       says it in words
  stop_at.py      ends a rerun at a step

schedules/ writes bills; `python -m compare_gan reproduce` does the rest. See
docs/reproducing.md.
"""
