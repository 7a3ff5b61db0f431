"""Values against annotations."""

from collections.abc import Sequence
from typing import Annotated
from typing import Any
from typing import Callable
from typing import Optional
from typing import Union

from compare_gan.checks import values
from compare_gan.configuration import accepted
from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_text
from compare_gan.gans import loss_lib
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("annotations are read, and TensorFlow's too")

_HINGE = gin_text.Word("@hinge")
_SHARE = Annotated[Union[float, Callable[..., tf.Tensor]], accepted.Range(0, 1)]


@pytest.mark.parametrize(
  "value,hint",
  [
    (True, bool),
    (3, int),
    (3, float),
    (None, Optional[int]),
    ("a", Any),
    ((1, 2), Sequence[int]),
    ([0.5, 1.0], tuple[float, float]),
    (0.5, _SHARE),
    (0.5, Union[float, tf.Tensor]),
    ({"a": 1}, dict[str, Any]),
    (_HINGE, Callable),
    (_HINGE, Callable[..., loss_lib.GANLosses]),
    (gin_text.Word("@hinge()"), loss_lib.GANLosses),
    (gin_text.Word("%not_defined"), int),
  ],
)
def test_what_fits(value, hint):
  gin_files.register()
  assert values.problem(value, hint) is None


@pytest.mark.parametrize(
  "value,hint,code,words",
  [
    (1, bool, "type", "True or False"),
    (True, int, "type", "an int"),
    ("3", Optional[int], "type", "an int, or None"),
    (2.0, _SHARE, "range", "from 0 to 1"),
    ("x", _SHARE, "type", "a number from 0 to 1, or a reference @name"),
    ([1, "2"], Sequence[int], "type", "It has '2'"),
    ([1], tuple[float, float], "type", "(a number, a number)"),
    (_HINGE, int, "role", "an int"),
    (_HINGE, Callable[..., tf.Tensor], "role", "GANLosses"),
    (_HINGE, loss_lib.GANLosses, "role", "Write @hinge()"),
    (gin_text.Word("@a/hinge()"), Callable, "role", "brackets: @a/hinge"),
  ],
)
def test_what_does_not_fit(value, hint, code, words):
  gin_files.register()
  found = values.problem(value, hint)
  assert found is not None
  assert found.code == code
  assert words in found.text
