"""Sections of the report, one per file.

Each file of this folder is a section. It defines:

  section(report)  returns a Section; `report` is a Report
  PLACE            its place on the page; smaller ones come first

The first line of its docstring describes it in `compare_gan list`. Your own
sections are listed in gin, in `report.sections`, and come below these.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import html
import importlib
import os
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.configuration import dotted_path
from compare_gan.configuration import gin_state
from compare_gan.configuration import gin_text
from compare_gan.storage import files
from compare_gan.study.run import table as table_lib
import gin

if TYPE_CHECKING:  # It loads scipy.stats, which would delay trainings.
  from compare_gan.study.report.statistics import summary as summary_lib


class Report(NamedTuple):
  """What sections are made from."""

  table: table_lib.Table
  summary: "summary_lib.Summary"
  folder: str  # the study's folder, which holds runs/<id>/

  @property
  def metrics(self) -> list[str]:
    """The metrics in the order of the page: the study's score, then others."""
    score = self.table.study["score"]
    return sorted(self.summary.metrics, key=lambda name: name != score)


class Section(NamedTuple):
  """A part of the page."""

  title: str  # as text
  html: str = ""  # below the title
  data: Optional[Mapping[str, Any]] = None  # entries of `data`, for its script
  script: str = ""  # JavaScript that runs once the page is loaded


Maker = Callable[[Report], Section]


# ---- The sections ------------------------------------------------------------


def built_in() -> dict[str, ModuleType]:
  """Returns {name: module} of this folder, in the order of the page."""
  modules = {
    info.name: importlib.import_module(f"{__name__}.{info.name}")
    for info in pkgutil.iter_modules(__path__)
  }
  return dict(sorted(modules.items(), key=lambda item: item[1].PLACE))


@gin.configurable("report", module="compare_gan.study")
def own(sections: Sequence[Union[str, Maker]] = ()) -> dict[str, Maker]:
  """Returns {name: function} of a user's own sections.

  Args:
    sections: functions from a Report to a Section. Each is @my_section, the
      dotted path of a function, or that of a module with a function `section`.
  """
  if isinstance(sections, str):
    raise ValueError(
      f"report.sections = {sections!r} is a string. It must be a list, such as "
      f"[{sections!r}]."
    )
  makers: dict[str, Maker] = {}
  for each in sections:
    name, maker = _named(each)
    if name in makers:
      raise ValueError(
        f"report.sections holds two sections named {name!r}. Rename one of "
        "them."
      )
    makers[name] = maker
  return makers


def _named(each):
  """Returns (name, function) of an entry of report.sections."""
  if not isinstance(each, str):
    maker, name = each, getattr(each, "__name__", type(each).__name__)
  else:
    parent, _, name = each.rpartition(".")
    module = dotted_path.module(each)
    if module is not None:
      maker = getattr(module, "section", None)
    else:
      maker = getattr(dotted_path.module(parent), name, None)
  if not callable(maker):
    raise ValueError(
      f"report.sections holds {each!r}, which is not a section. It can hold a "
      "function, @my_section, the dotted path of a function, or that of a "
      "module with a function section(report)."
    )
  return name, maker


def read_own(folder: str, bindings: Iterable[str] = ()) -> dict[str, Maker]:
  """Returns the sections that a study lists in report.sections.

  Args:
    folder: the study's folder; its study.gin is read.
    bindings: lines of gin that are added to it.
  """
  text = files.read_text_if_any(os.path.join(folder, "study.gin")) or ""
  text = "\n".join([text, *bindings])
  bound, _ = gin_text.read(text)
  if not any(f".{name}".endswith(".report.sections") for name in bound):
    return {}  # There is no need to load TensorFlow.
  from compare_gan.configuration import gin_files
  from compare_gan.study.define import definition  # noqa: F401

  with gin_state.own_gin():
    gin_files.register()
    gin.parse_config(text)
    return own()


# ---- Sections of a report ----------------------------------------------------


def make_all(report: Report, own: Mapping[str, Maker]) -> dict[str, Section]:
  """Returns {name: Section}: the built-in ones, then a user's own."""
  makers = {name: module.section for name, module in built_in().items()}
  # The prefix keeps a user's names apart from those of other parts of the page.
  makers.update({f"own-{name}": maker for name, maker in own.items()})
  return {name: _make(name, maker, report) for name, maker in makers.items()}


def _make(name, maker, report):
  made = maker(report)
  if not isinstance(made, Section):
    raise ValueError(
      f"report.sections: {name} returned {made!r}. It must return a "
      "compare_gan.study.report.sections.Section."
    )
  return made


def to_html(name: str, section: Section) -> str:
  """Returns the element of a section."""
  name, title = html.escape(name), html.escape(section.title)
  return f'  <section id="{name}"><h2>{title}</h2>{section.html}</section>\n'


def merge_data(
  shared: Mapping[str, Any], made: Mapping[str, Section]
) -> dict[str, Any]:
  """Returns the page's `data`: what all sections share, and what each adds."""
  data = dict(shared)
  for name, section in made.items():
    for key, value in (section.data or {}).items():
      if key in data:
        raise ValueError(
          f"report.sections: {name} has data of the name {key!r}, which the "
          "page has already. Rename yours."
        )
      data[key] = value
  return data
