"""A finding has one of three states, and advice unless all is well."""

from compare_gan.doctor import finding
import pytest


def test_an_unknown_state_is_refused():
  with pytest.raises(ValueError, match="'bad'. It can be 'ok', 'absent' or"):
    finding.Finding("a", "bad", "b", "c")


@pytest.mark.parametrize("state", ["absent", "wrong"])
def test_what_is_not_ok_comes_with_advice(state):
  with pytest.raises(ValueError, match="without advice"):
    finding.Finding("a", state, "b")


def test_optional_things_may_be_absent():
  found = [finding.ok("a", "b"), finding.absent("c", "d", "e")]
  assert finding.is_ready(found)
  assert not finding.is_ready([*found, finding.wrong("f", "g", "h")])
