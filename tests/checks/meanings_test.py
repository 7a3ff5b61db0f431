"""Every parameter that gin can set has a meaning; docstrings point to it."""

import importlib
import inspect
import pathlib
import re

import compare_gan
from compare_gan.checks import known
from compare_gan.checks import meanings
from compare_gan.checks import values
from compare_gan.configuration import gin_files
from compare_gan.configuration import late_names
import pytest

pytestmark = pytest.mark.versions("TensorFlow's docstrings are read, too")

_PACKAGE = pathlib.Path(compare_gan.__file__).parent


@pytest.fixture(name="library", scope="module")
def _library():
  """Returns the Configurables of this library, those of each verb too."""
  gin_files.register()
  late_names.load_all()
  for path in _PACKAGE.rglob("*.py"):
    if "@gin.configurable" in path.read_text(encoding="utf-8"):
      inside = path.relative_to(_PACKAGE.parent).with_suffix("")
      name = ".".join(inside.parts).removesuffix(".__init__")
      importlib.import_module(name)
  found = map(known.find, known.all_names())
  return [one for one in found if _is_ours(one) or one.name.startswith("tf.")]


def _is_ours(one):
  return one.made.__module__.startswith("compare_gan.")


def _meanings(configurables):
  return {
    f"{one.name}.{name}": meanings.of_parameter(one.made, name)
    for one in configurables
    for name in one.parameters
  }


def test_every_parameter_has_a_meaning(library):
  found = _meanings(library)
  assert len(found) > 900
  missing = [name for name, text in found.items() if not text]
  assert not missing, (
    "Say what these do, in the Args of the docstring of the function or class: "
    f"{', '.join(missing)}"
  )


def test_a_meaning_can_be_read_without_its_docstring(library):
  found = _meanings(filter(_is_ours, library))
  unclear = {
    name: text
    for name, text in found.items()
    if len(text.split()) < 2
    or "see above" in text.lower()
    or text.startswith(("as for ", "as in "))
  }
  assert not unclear


def test_a_meaning_that_lists_words_has_them_declared(library):
  """`"max" or "average"` in a docstring: `check` has to refuse other words."""
  undeclared = [
    f"{one.name}.{parameter.name}"
    for one in filter(_is_ours, library)
    # A study has checks of its own, in study/define/mistakes.py.
    if one.name != "study"
    for parameter in one.parameters.values()
    if _lists_words(one, parameter)
    and values.problem("no such word", parameter.hint) is None
  ]
  assert not undeclared, (
    "Declare what these accept, as Annotated[str, accepted.OneOf(...)]: "
    f"{', '.join(undeclared)}"
  )


def _lists_words(one, parameter):
  meaning = meanings.of_parameter(one.made, parameter.name)
  words = re.findall('"([a-z_0-9]+)"', meaning)
  return parameter.default in words and len(words) > 1


def test_what_is_described_is_a_parameter(library):
  wrong = [
    f"{one.name}.{name}"
    for one in filter(_is_ours, library)
    for name in meanings._entries(vars(one.made).get("__doc__") or "")
    if not one.takes_all and name not in inspect.signature(one.made).parameters
  ]
  assert not wrong


# ---- Where a meaning is looked for -------------------------------------------


class _Base:
  """A base class.

  Args:
    size: of both.
  """


class _Derived(_Base):
  """Another one.

  Args:
    first, second, third,
      fourth: in a long list.
    size, weight: as for `_weighted`, in kilograms.
    b: as for batch_norm, if there is any.
    epsilon: as for standardize_batch.
    loop: as for _points_back.
  """


def _weighted(weight):
  """Does nothing.

  Args:
    weight: of the whole.
  """


def _points_back(loop):
  """Does nothing.

  Args:
    loop: as for _Derived.
  """


@pytest.mark.parametrize(
  "name,text",
  [
    ("second", "in a long list."),
    ("fourth", "in a long list."),
    ("weight", "of the whole, in kilograms."),  # a name in the module
    ("epsilon", "added to the variance."),  # a name in gin
    # What has no such parameter, or points back, leaves the sentence as it is.
    ("size", "as for `_weighted`, in kilograms."),
    ("b", "as for batch_norm, if there is any."),
    ("loop", "as for _Derived."),
    ("other", ""),
  ],
)
def test_a_docstring_may_point_to_another(name, text):
  gin_files.register()
  assert meanings.of_parameter(_Derived, name) == text


def test_no_configurable_is_described_by_see_above(library):
  texts = [meanings.summary(one.made) for one in library]
  assert not [text for text in texts if text.startswith("See above")]
  s3gan = meanings.summary(known.find("S3GAN").made)
  assert s3gan.startswith("S3GAN: high-fidelity images with fewer labels")
  assert s3gan.endswith("; the bindings of ModularGAN act here too.")


def test_a_class_inherits_meanings():
  class Plain(_Base):
    pass

  assert meanings.of_parameter(Plain, "size") == "of both."
