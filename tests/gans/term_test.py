"""Where terms come from: lists in gin files, and terms that add themselves."""

from compare_gan.context import gin_scope
from compare_gan.gans import term as term_lib
import gin
import pytest

from tests.gans import tiny

pytestmark = pytest.mark.versions("a GAN's networks are TensorFlow's")

_BCR = """
bcr/term.fn = @bcr
bcr/term.added_to = "D"
"""
_LECAM = """
lecam/term.fn = @lecam
lecam/term.weight = 0.3
lecam/term.added_to = "D"
"""


def _names(text):
  """Returns the names of the terms of D and of G."""
  gin.clear_config()
  gin.parse_config(text)
  gan = tiny.gan()
  return tuple(
    [one.name for one in penalty.terms.all]
    for penalty in (gan.penalty, gan.g_penalty)
  )


def test_terms_of_two_files_add_up():
  assert _names(_BCR + _LECAM) == (["bcr", "lecam"], [])


def test_the_order_of_the_files_changes_nothing():
  assert _names(_LECAM + _BCR) == _names(_BCR + _LECAM)


def test_a_term_may_add_itself_to_g():
  text = _LECAM + _BCR.replace("bcr", "soft_orthogonal").replace("D", "G")
  assert _names(text) == (["lecam"], ["soft_orthogonal"])


def test_terms_that_are_listed_come_first():
  text = "penalty.terms = [@own/term()]\nown/term.fn = @r1\n"
  assert _names(_BCR + text) == (["own", "bcr"], [])


def test_a_listed_term_that_adds_itself_acts_once():
  assert _names(_BCR + "penalty.terms = [@bcr/term()]") == (["bcr"], [])


def test_none_takes_a_term_out():
  off = "bcr/term.added_to = None\n"
  assert _names(_BCR + _LECAM + off) == (["lecam"], [])


def test_a_term_that_adds_itself_is_in_the_operative_config():
  _names(_BCR + _LECAM)
  text = gin.operative_config_str()
  assert "bcr/term.added_to = 'D'" in text
  assert "lecam/term.weight = 0.3" in text


def test_without_penalty_no_term_adds_itself():
  gin.parse_config(_BCR)
  gan = tiny.gan()
  with gan.without_penalty():
    assert not gan.penalty.terms


@pytest.mark.parametrize(
  "text,message",
  [
    (
      'bcr/term.fn = @bcr\nbcr/term.added_to = "d"',
      "bcr/term.added_to = 'd'. It must be 'D', 'G' or None",
    ),
    (
      'term.fn = @bcr\nterm.added_to = "D"',
      "term.added_to = 'D' .*NAME/term.added_to",
    ),
    (
      f"{_BCR}g_penalty.terms = [@bcr/term()]",
      "g_penalty.terms has 'bcr', but bcr/term.added_to = 'D'",
    ),
    (
      _BCR + _BCR.replace("bcr/", "other/bcr/"),
      "two terms called 'bcr'",
    ),
  ],
)
def test_a_term_with_no_clear_place_is_refused(text, message):
  with pytest.raises(ValueError, match=message):
    _names(text)


def test_scopes_are_found_in_the_order_of_their_names():
  gin.parse_config(_LECAM + _BCR + "r1/term.fn = @r1\nterm.interval = 2")
  assert gin_scope.scopes_that_bind("term.added_to") == ["bcr", "lecam"]
  assert gin_scope.scopes_that_bind("term.interval") == [""]
  assert [t.name for t in term_lib.added_to("G")] == []
