"""study.gin and study.json: the study that a folder was begun with."""

import dataclasses
import datetime
import json
import os
import sys
from typing import Any
from typing import Optional

from compare_gan.storage import files
from compare_gan.study.run import shards
from compare_gan.study.run import table


def return_to_start(folder: str) -> None:
  """Changes to the folder in which a study was begun, if that exists.

  The runs and the plan resolve relative paths of images and gin files from
  there. On another machine that folder may not exist; then they resolve them
  from the current one.

  Args:
    folder: the study's folder.
  """
  if not _is_begun(folder):
    return
  start = table.read_study(folder).get("cwd")
  if not start or not os.path.isdir(start) or start == os.getcwd():
    return
  print(
    f"The study was begun in {start}: its relative paths are taken from there.",
    flush=True,
  )
  os.chdir(start)
  if start not in sys.path:  # The user's own modules, see __main__.py.
    sys.path.insert(0, start)


def as_begun(study: Any, folder: str) -> Any:
  """Returns the study with the settings that its folder was begun with.

  An earlier version minimised every score unless the file said otherwise, and
  showed all seeds the same images in the same order. The runs of a study that
  it began depend on that.

  Args:
    study: a definition.Study.
    folder: the study's folder.
  """
  if not _is_begun(folder):
    return study
  begun = table.read_study(folder)
  minimize = table.is_minimized(begun)
  if minimize != study.is_minimized:
    print(table.note_on_direction(begun), flush=True)
  study = dataclasses.replace(study, minimize=minimize)
  if not begun.get("seeds_data", False):
    study = study.with_the_same_images_for_all_seeds()
  return study


def _is_begun(folder):
  return os.path.exists(os.path.join(folder, "study.json"))


def describe(
  folder: str, study: Any, plan: Any, text: str, shard: Optional[shards.Shard]
) -> tuple[dict[str, Any], bool]:
  """Returns the content of study.json, and whether the files are out of date.

  Writes study.gin and study.json if they do not exist. Raises ValueError if
  cells cannot be built or if the folder holds another study.

  Args:
    folder: the study's folder.
    study: a definition.Study.
    plan: the module plan.
    text: the text of the study file.
    shard: the part of the study that this process runs; None for all.
  """
  stored = files.read_text_if_any(os.path.join(folder, "study.gin"))
  json_path = os.path.join(folder, "study.json")
  if stored is not None and files.read_text_if_any(json_path) is not None:
    return _describe_begun(folder, study, plan, stored, text)
  impossible = plan.impossible_cells(study)
  if impossible and study.on_impossible != "skip":
    raise ValueError(_refusal(impossible))
  described = _describe_new(study, plan.count(study), impossible)
  write(folder, described, text, shard)
  return described, False


def _refusal(impossible):
  reasons = "\n".join(f"  {cell}: {why}" for cell, why in impossible.items())
  return (
    f"{len(impossible)} cells of the study cannot be trained:\n{reasons}\n"
    "Leave them out of study.slices, or skip them: study.on_impossible = "
    "'skip'."
  )


def _describe_new(study, counted, impossible):
  now = datetime.datetime.now(datetime.timezone.utc)
  return {
    "format": 1,
    "name": study.name,
    "axes": {axis: list(values) for axis, values in study.axes.items()},
    "baselines": study.baselines,
    "score": study.score,
    "minimize": study.is_minimized,
    "checkpoint": study.checkpoint,
    "seeds": study.seeds,
    "seeds_at_first": study.seeds,
    "seeds_data": study.seeds_data,
    "phases": list(counted["phases"]),
    "runs": counted["runs"],
    "top_percent": 5,
    "collapse": {
      "losses": "not finite: the run ends (NanGuard)",
      "pixels": "not finite",
      "score": "not finite",
    },
    "created": now.isoformat(timespec="seconds"),
    "cwd": os.getcwd(),
    "impossible": impossible,
  }


def _describe_begun(folder, study, plan, stored, text):
  begun = table.read_study(folder)
  if stored != text:
    # This imports gin and TensorFlow, which are only needed here.
    from compare_gan.study.define import same_runs

    same_runs.require(folder, stored, text)
  if study.seeds < begun["seeds"]:
    raise ValueError(
      f"study.seeds = {study.seeds}, and the study in {folder} has "
      f"{begun['seeds']}. Seeds can be added to it, not taken away."
    )
  if study.seeds == begun["seeds"]:
    return begun, stored != text
  counted = plan.count(study)
  at_first = begun.get("seeds_at_first", begun["seeds"])
  more = {"seeds": study.seeds, "seeds_at_first": at_first}
  return {**begun, **more, "runs": counted["runs"]}, True


def write(
  folder: str,
  described: dict[str, Any],
  text: str,
  shard: Optional[shards.Shard],
) -> None:
  """Writes study.json and study.gin; two shards may do so at the same time."""
  part = (
    f"-{shard.number}" if shard else ""
  )  # Each shard writes a separate temporary file.
  content = json.dumps(described, indent=2) + "\n"
  files.write_text(os.path.join(folder, "study.json"), content, part)
  files.write_text(os.path.join(folder, "study.gin"), text, part)
