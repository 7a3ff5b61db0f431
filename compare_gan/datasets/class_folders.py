"""Which folders of images are splits, and which are classes.

  train/rose/1.jpg  test/tulip/2.jpg     Train/..., training/..., val/... too
  rose/train/1.jpg  tulip/test/2.jpg
  rose/1.jpg        tulip/2.jpg          one split
  flowers/rose/1.jpg                     a folder around all is not a class

Ambiguous folders raise an error that names them: otherwise images for
evaluation would train, or classes would be missing.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import logging
import re
from typing import NamedTuple
from typing import Optional

_LOG = logging.getLogger(__name__)
TRAIN_NAMES = ("train", "training")
# If there are several, the first of them is used.
EVAL_NAMES = (
  *("test", "testing", "eval", "evaluation"),
  *("val", "valid", "validation", "dev"),
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_ENDINGS = re.compile("(set|data|images|imgs)$")


class Part(NamedTuple):
  """The images of a split.

  Attributes:
    names: {number: name below the folder of the classes}.
    folders: of the classes, including those without images.
    above: the folder that contains them, "flowers/train/" or "".
  """

  names: dict
  folders: tuple
  above: str = ""


def splits(
  names: dict[int, str],
  folders: Iterable[str],
  gin_name: str,
  classes: Sequence[str] = (),
) -> tuple[Part, Optional[Part]]:
  """Returns the Part to train on, and the Part for evaluation or None.

  Args:
    names: {number: "train/rose/1.jpg"}.
    folders: names of all folders.
    gin_name: "folder", for messages.
    classes: known names of classes, which are never taken for a split.
  """
  paths = {number: tuple(name.split("/")) for number, name in names.items()}
  folder_paths = [tuple(folder.split("/")) for folder in folders]
  found = _find(paths, folder_paths, gin_name, set(classes))
  for part in found:
    if part is not None:
      _refuse_inner_splits(part, gin_name, classes)
  return found


def _find(paths, folders, gin_name, classes):
  above = ()
  while True:
    tops = _tops(paths)
    if tops & classes:
      return _part(paths, folders, above), None
    train = _find_split(tops, TRAIN_NAMES, above, gin_name)
    test = _find_split(tops, EVAL_NAMES, above, gin_name)
    if train and test:
      _warn_of_unused(tops, train, test)
      return _parts_of_two_folders(paths, folders, above, train, test, classes)
    _refuse_half_of_a_split(tops, folders, above, train, test, gin_name)
    _refuse_lookalikes(tops, gin_name)
    if len(tops) > 1 and _is_split_below(paths):
      return _splits_of_classes(paths, folders, above, gin_name)
    if not _is_wrapper(paths, tops):
      return _part(paths, folders, above), None
    above, paths = _enter_folder(paths, above)


def _tops(paths):
  """Returns the folders that images are in; None stands for no folder."""
  return {path[0] if len(path) > 1 else None for path in paths.values()}


def _is_wrapper(paths, tops):
  """Returns whether one folder holds only folders, so it is not a class."""
  return (
    len(tops) == 1
    and None not in tops
    and all(len(path) > 2 for path in paths.values())
  )


def _enter_folder(paths, above):
  """Returns the folder around everything, and the paths below it."""
  first = next(iter(paths.values()))[0]
  return (*above, first), {number: path[1:] for number, path in paths.items()}


def _part(paths, folders, above):
  depth = len(above)
  inside = {
    folder[depth]
    for folder in folders
    if len(folder) > depth and folder[:depth] == above
  }
  return Part(
    {number: "/".join(path) for number, path in paths.items()},
    tuple(sorted(inside)),
    "".join(f"{folder}/" for folder in above),
  )


def _parts_of_two_folders(paths, folders, above, train, test, classes):
  """Returns the Parts of two folders, without the folders around either."""
  parts = []
  for top in (train, test):
    inside = {n: path[1:] for n, path in paths.items() if path[0] == top}
    around = (*above, top)
    while _is_wrapper(inside, _tops(inside)) and not _tops(inside) & classes:
      around, inside = _enter_folder(inside, around)
    parts.append(_part(inside, folders, around))
    classes = classes | _tops(inside)
  return tuple(parts)


# ---- Names of splits ---------------------------------------------------------


def _find_split(tops, names, above, gin_name):
  """Returns the folder of the first of some names, in any case, or None."""
  for name in names:
    found = sorted(top for top in tops if top and top.lower() == name)
    if len(found) > 1:
      raise ValueError(
        f"{gin_name}.path: {_listed(found, above)} are two names of one "
        "split. Keep one of them."
      )
    if found:
      break
  else:
    return None
  if names is TRAIN_NAMES:
    others = sorted(t for t in tops if t and t.lower() in names)
    if len(others) > 1:
      raise ValueError(
        f"{gin_name}.path: {_listed(others, above)} could each hold the "
        f"training images. Set {gin_name}.path to the one that does, and "
        f"{gin_name}.eval_path to the images for evaluation."
      )
  return found[0]


def _warn_of_unused(tops, train, test):
  others = tops - {train, test}
  if others:
    _LOG.warning(
      "Only the images in %s and %s are used, not those in %s.",
      train,
      test,
      sorted("no folder" if top is None else top for top in others),
    )


def _refuse_half_of_a_split(tops, folders, above, train, test, gin_name):
  """Refuses folders of one split if the other has none or only an empty one."""
  if not train and not test:
    return
  inside = _part({}, folders, above).folders
  wanted = EVAL_NAMES if train else TRAIN_NAMES
  empty = [f for f in inside if f.lower() in wanted and f not in tops]
  if empty:
    raise ValueError(
      f"{gin_name}.path: {_listed(empty[:1], above)} holds no images, next to "
      f"{_listed([train or test], above)}, which does. Fill it, or remove it."
    )
  others = sorted(top for top in tops - {test} if top)
  if not train and others and all(o.lower() in EVAL_NAMES for o in others):
    raise ValueError(
      f"{gin_name}.path: {_listed([test, *others], above)} hold images for "
      "evaluation, judging by their names, and no folder is called train. Set "
      f"{gin_name}.path to the training images and {gin_name}.eval_path to "
      "the others."
    )


def _refuse_lookalikes(tops, gin_name):
  """Refuses train2017 and val2017, which would be taken for classes."""
  train = sorted(top for top in tops if top and _is_like(top, TRAIN_NAMES))
  test = sorted(top for top in tops if top and _is_like(top, EVAL_NAMES))
  if train and test and 2 * (len(train) + len(test)) >= len(tops):
    raise ValueError(
      f"{gin_name}.path holds the folders {train[0]} and {test[0]}. If they "
      f"are splits, call them train and test, or set {gin_name}.path to one "
      f"and {gin_name}.eval_path to the other. If they are classes, list all "
      f"classes: {gin_name}.classes = {[train[0], test[0], '...']}."
    )


def _is_like(name, known):
  words = [word.lower() for word in _WORD.findall(name)]
  ends = {_ENDINGS.sub("", word) or word for word in (words[:1] + words[-1:])}
  return bool(ends & set(known))


# ---- Splits inside of classes ------------------------------------------------


def _is_split_below(paths):
  """Returns whether a folder holds both images to train on and to test on."""
  inner = {}
  for path in paths.values():
    if len(path) > 2:
      inner.setdefault(path[0], set()).add(path[1].lower())
  return any(
    found & set(TRAIN_NAMES) and found & set(EVAL_NAMES)
    for found in inner.values()
  )


def _splits_of_classes(paths, folders, above, gin_name):
  """Returns the Parts of rose/train/1.jpg, rose/test/2.jpg and so on."""
  for path in paths.values():
    known = (*TRAIN_NAMES, *EVAL_NAMES)
    if len(path) < 3 or path[1].lower() not in known:
      raise ValueError(
        f"{gin_name}.path: some of its folders hold train and test folders of "
        f"their own, and {'/'.join((*above, *path))} is in neither. Move it, "
        "or put the classes into train and test."
      )
  second = {path[1].lower() for path in paths.values()}
  test = next(name for name in EVAL_NAMES if name in second)
  unused = sorted(second - {*TRAIN_NAMES, test})
  if unused:
    _LOG.warning(
      "Only the images in train and %s are used, not those in %s.", test, unused
    )
  parts = []
  for wanted in (TRAIN_NAMES, (test,)):
    inside = {
      number: (path[0], *path[2:])
      for number, path in paths.items()
      if path[1].lower() in wanted
    }
    parts.append(_part(inside, folders, above))
  # A class may have no images for evaluation.
  parts[1] = parts[1]._replace(folders=())
  return tuple(parts)


def _refuse_inner_splits(part, gin_name, classes):
  """Refuses a split that contains splits where classes are expected."""
  tops = {name.split("/")[0] for name in part.names.values() if "/" in name}
  train = sorted(t for t in tops - set(classes) if t.lower() in TRAIN_NAMES)
  test = sorted(t for t in tops - set(classes) if t.lower() in EVAL_NAMES)
  if train and test:
    raise ValueError(
      f"{gin_name}.path: {part.above} holds {train[0]} and {test[0]}, but is "
      f"a split itself. Set {gin_name}.path to one of them and "
      f"{gin_name}.eval_path to the other."
    )


def _listed(tops, above):
  return " and ".join("/".join((*above, top)) for top in tops)


# ---- Classes -----------------------------------------------------------------


def classes_of(part: Part, gin_name: str) -> Optional[list[str]]:
  """Returns the sorted names of a Part's classes, None if there are none.

  A folder without images next to the classes' folders raises an error.
  """
  loose = [name for name in part.names.values() if "/" not in name]
  tops = {name.split("/")[0] for name in part.names.values() if "/" in name}
  if not tops and loose:
    return None
  depths = {name.count("/") for name in part.names.values()}
  if loose or (len(tops) == 1 and 1 in depths and len(depths) > 1):
    highest = min(part.names.values(), key=lambda name: name.count("/"))
    raise ValueError(
      f"{gin_name}: some images are in folders, which would be their classes, "
      f"and some are not, such as {part.above}{highest}. Move them, or leave "
      f"labels out with {gin_name}.labels = False."
    )
  refuse_empty_folders(part, gin_name)
  return sorted(tops)


def refuse_loose_images(part: Part, gin_name: str) -> None:
  """Refuses images for evaluation without a class if others have one."""
  loose = sorted(name for name in part.names.values() if "/" not in name)
  if loose:
    raise ValueError(
      f"{gin_name}: {part.above}{loose[0]} is not in a folder that would be "
      "its class, as training images are. Move such images, set "
      f"{gin_name}.eval_path to others, or leave labels out with "
      f"{gin_name}.labels = False."
    )


def refuse_empty_folders(part: Part, gin_name: str) -> None:
  """Refuses folders without images next to folders with images."""
  tops = {name.split("/")[0] for name in part.names.values() if "/" in name}
  empty = [folder for folder in part.folders if folder not in tops]
  if tops and empty:
    names = ", ".join(part.above + folder for folder in empty[:5])
    more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
    raise ValueError(
      f"{gin_name}: {names}{more} would be a class like {min(tops)}, but "
      "holds no readable images. Fill or remove such folders, list the "
      f"classes in {gin_name}.classes, or leave labels out with "
      f"{gin_name}.labels = False."
    )
