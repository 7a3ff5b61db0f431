"""Whether a value fits the annotation of its parameter.

The annotation says everything: the type, and with compare_gan.configuration.
accepted the range. Of a reference it is compared with what the function
returns. What cannot be known, such as the type of a function without
annotations, is accepted.
"""

import collections.abc
import inspect
import typing
from typing import Annotated
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional
from typing import Union

from compare_gan.checks import known
from compare_gan.configuration import accepted
from compare_gan.configuration import gin_text
import tensorflow as tf

_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable)


class Problem(NamedTuple):
  """Why a value does not fit."""

  code: str  # "type", "range" or "role"
  text: str  # "It must be ..."


def problem(value: Any, hint: Any) -> Optional[Problem]:
  """Returns the Problem of a value, whose macros are resolved, or None."""
  found = known.reference(value)
  if found is not None:
    return _problem_of_reference(found, hint)
  if isinstance(value, gin_text.Word):  # A macro that is not defined.
    return None
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if origin is Annotated:
    return _problem_of_annotated(value, *arguments)
  if origin is Union:
    return _problem_of_union(value, hint, arguments)
  if origin in _LISTS or (origin is tuple and len(arguments) != 0):
    return _problem_of_list(value, hint, origin, arguments)
  if origin is dict:
    is_good = isinstance(value, dict)
  elif _is_callable(hint):
    is_good = False
  else:
    is_good = _is_instance(value, hint)
  return None if is_good else _mistyped(hint)


def _mistyped(hint):
  return Problem("type", f"It must be {in_words(hint)}.")


def _is_instance(value, hint):
  if hint is Any or hint is object or not inspect.isclass(hint):
    return True
  if hint in (bool, str, type(None), dict):
    return isinstance(value, hint)
  if hint is int:
    return isinstance(value, int) and not isinstance(value, bool)
  if hint is float:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
  if hint in (list, tuple):
    return isinstance(value, (list, tuple))
  if hint in (tf.Tensor, tf.Variable) or hint.__module__ == "numpy":
    return isinstance(value, (int, float, list, tuple))
  return isinstance(value, hint)


def _problem_of_annotated(value, base, *more):
  rules = [one for one in more if isinstance(one, accepted.Accepted)]
  found = problem(value, base)
  if found is not None:
    return _mistyped(Annotated[(base, *rules)]) if rules else found
  for rule in rules:
    text = rule.refusal(value)
    if text:
      return Problem("range", _with_type(base, rule, text))
  return None


def _with_type(base, rule, text):
  """Returns "It must be an int of 1 or more."."""
  if isinstance(rule, accepted.Range):
    return f"It must be {in_words(Annotated[base, rule])}."
  return text


def _problem_of_union(value, hint, members):
  problems = [problem(value, member) for member in members]
  if None in problems:
    return None
  # A number out of range is no number of a wrong type.
  ranges = [one for one in problems if one and one.code == "range"]
  return ranges[0] if ranges else _mistyped(hint)


def _problem_of_list(value, hint, origin, arguments):
  if not isinstance(value, (list, tuple)):
    return _mistyped(hint)
  items = [one for one in arguments if one is not Ellipsis]
  if origin is tuple and Ellipsis not in arguments:
    if len(value) != len(items):
      return _mistyped(hint)
  else:
    items = items[:1] * len(value)
  for item, of_item in zip(value, items):
    found = problem(item, of_item)
    if found is not None:
      return Problem(found.code, f"It has {item!r}. {found.text}")
  return None


# ---- References --------------------------------------------------------------


def _problem_of_reference(found, hint):
  one = known.find_or_none(found.name)
  if one is None:  # names.py says so.
    return None
  result = _result_of(one.made)
  if found.is_called:
    if _can_be(result, hint):
      return None
    if _can_be(Callable[..., result], hint):
      return Problem(
        "role",
        f"It is called. Leave out the brackets: @{_scoped(found)}.",
      )
  else:
    function = Callable[..., result]
    if _can_be(function, hint):
      return None
    if _can_be(result, hint):
      return Problem("role", f"It is not called. Write @{_scoped(found)}().")
  return Problem(
    "role", f"@{found.name} is {_returns(one)}. It must be {in_words(hint)}."
  )


def _scoped(found):
  return f"{found.scope}/{found.name}" if found.scope else found.name


def _returns(one):
  if inspect.isclass(one.made):
    return f"the class {one.made.__name__}"
  result = _result_of(one.made)
  return f"a function that returns {in_words(result)}"


def _result_of(made):
  """Returns the type of what a call returns, Any if it is not known."""
  if inspect.isclass(made):
    return made
  result = known.type_hints(made).get("return", Any)
  return Any if isinstance(result, typing.TypeVar) else result


def _can_be(result, hint):
  """Returns whether a value of one type can be of another."""
  if typing.get_origin(hint) is Annotated:
    return _can_be(result, typing.get_args(hint)[0])
  if typing.get_origin(result) is Annotated:
    return _can_be(typing.get_args(result)[0], hint)
  if hint is Any or result is Any:
    return True
  if typing.get_origin(hint) is Union:
    return any(_can_be(result, one) for one in typing.get_args(hint))
  if typing.get_origin(result) is Union:
    return any(_can_be(one, hint) for one in typing.get_args(result))
  if _is_callable(hint):
    return _can_be_callable(result, hint)
  if _is_callable(result):
    return False
  if hint is float and result is int:
    return True
  a, b = (typing.get_origin(one) or one for one in (result, hint))
  if not (inspect.isclass(a) and inspect.isclass(b)):
    return True
  return _is_number(a, b) or issubclass(a, b) or issubclass(b, a)


def _is_number(a, b):
  return {a, b} <= {float, int, tf.Tensor, tf.Variable}


def _is_callable(hint):
  abstract = collections.abc.Callable
  return abstract in (hint, typing.get_origin(hint))


def _can_be_callable(result, hint):
  if _is_callable(result):
    returned = [typing.get_args(one)[1:] for one in (result, hint)]
    return not all(returned) or _can_be(returned[0][0], returned[1][0])
  if not inspect.isclass(result):
    return True
  return any("__call__" in vars(one) for one in result.__mro__)


# ---- Words -------------------------------------------------------------------

_WORDS = {
  bool: "True or False",
  int: "an int",
  float: "a number",
  str: 'a text in quotes, "..."',
  type(None): "None",
  dict: "a dict {...}",
}


def in_words(hint: Any) -> str:
  """Returns what an annotation accepts: "an int of 1 or more, or None"."""
  origin, arguments = typing.get_origin(hint), typing.get_args(hint)
  if hint is Any:
    return "anything"
  if hint in _WORDS:
    return _WORDS[hint]
  if origin is Annotated:
    return _annotated_in_words(*arguments)
  if origin is Union:
    words = list(dict.fromkeys(map(in_words, arguments)))
    return ", or ".join(words)
  if origin is tuple and arguments and Ellipsis not in arguments:
    return f"({', '.join(map(in_words, arguments))})"
  if origin in (*_LISTS, tuple):
    if not arguments or arguments[0] in (Any, str, float, int, bool):
      return "a list [...]"
    return f"a list [...], each {in_words(arguments[0])}"
  if origin is dict:
    return _WORDS[dict]
  if _is_callable(hint):
    return "a reference @name"
  if hint in (tf.Tensor, tf.Variable):
    return "a tensor"
  if inspect.isclass(hint):
    return f"@name(), whose result is of the class {hint.__name__}"
  return "anything"


def _annotated_in_words(base, *more):
  rules = [x.in_words() for x in more if isinstance(x, accepted.Accepted)]
  if not rules:
    return in_words(base)
  if any(isinstance(x, accepted.OneOf) for x in more):
    return " and ".join(rules)
  # A Union whose numbers are limited: "a number of 0 or more, or a reference".
  parts = typing.get_args(base) if typing.get_origin(base) is Union else [base]
  words = [
    f"{in_words(part)} {_of(rules)}" if part in (int, float) else in_words(part)
    for part in parts
  ]
  return ", or ".join(dict.fromkeys(words))


def _of(rules):
  text = " and ".join(rules)
  return text if text.startswith(("from", "above", "below")) else f"of {text}"
