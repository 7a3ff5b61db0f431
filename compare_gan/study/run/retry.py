"""Marks runs that have ended badly, so that they are tried again.

The marks are events of the journal; `compare_gan study run` runs these runs.
"""

from collections.abc import Sequence
from typing import Optional

from compare_gan.study.run import journal
from compare_gan.study.run import table

# Runs with another status have a result, which another attempt would repeat.
STATUSES = ("failed", "timeout", "memory")


def parse_statuses(text: str) -> list[str]:
  """Returns the statuses of "failed,timeout"."""
  statuses = [part.strip() for part in text.split(",")]
  for status in statuses:
    if status not in STATUSES:
      raise ValueError(
        f"--status={text}: {status!r} cannot be tried again. Give one or more "
        f"of {','.join(STATUSES)}, separated by commas."
      )
  return statuses


def mark(
  study_dir: str,
  statuses: Sequence[str] = STATUSES,
  ids: Optional[Sequence[str]] = None,
) -> list[table.Row]:
  """Marks runs to be tried again; returns their rows before the marks.

  Raises OSError while a conductor is at work, because it would not see the
  marks.

  Args:
    study_dir: the study's folder.
    statuses: the statuses of the runs to mark.
    ids: the ids of the runs to mark; None for all.
  """
  table.read_study(study_dir)  # Raises an error if there is no study.
  with journal.conducting(study_dir):
    rows = table.read(study_dir).rows
    if ids is not None:
      rows = _rows_of(rows, ids, statuses, study_dir)
    marked = [row for row in rows if row.status in statuses]
    written = journal.Journal(study_dir)
    try:
      for row in marked:
        written.retry(row.run, row.attempts, row.status)
    finally:
      written.close()
  return marked


def _rows_of(rows, ids, statuses, study_dir):
  """Returns the rows of ids; raises ValueError if one cannot be retried."""
  by_id = {row.run: row for row in rows}
  for id_ in ids:
    if id_ not in by_id:
      raise ValueError(
        f"--run={id_}: {study_dir} has no such run. The name of a run is that "
        "of its folder in runs/, 16 hex digits."
      )
    if by_id[id_].status not in statuses:
      raise ValueError(
        f"--run={id_}: its status is {by_id[id_].status!r}; only runs with "
        f"{', '.join(statuses)} are tried again."
      )
  return [by_id[id_] for id_ in dict.fromkeys(ids)]
