"""Which candidates there are, and how the first that fits is found."""

from compare_gan.fit import candidates
from compare_gan.fit.candidates import Candidate


def _groups(card, **given):
  return list(candidates.groups(card, **given))


def test_the_batch_stays_until_parts_and_recomputation_are_used_up():
  parts, again, smaller, without = _groups(Candidate(32))
  assert parts == [Candidate(32), Candidate(32, 2), Candidate(32, 4)]
  assert again == [
    Candidate(32, 1, True),
    Candidate(32, 2, True),
    Candidate(32, 4, True),
  ]
  assert smaller == [
    Candidate(16, 2, True),
    *(Candidate(size, 1, True) for size in (8, 4, 2, 1)),
  ]
  # For networks that cannot recompute.
  assert without[:2] == [Candidate(16, 2), Candidate(8)]


def test_parts_divide_the_batch_and_are_multiples_of_the_cards():
  parts, *_ = _groups(Candidate(48, 2))
  assert [one.micro_batches for one in parts] == [2, 4, 6]


def test_a_card_that_recomputes_has_no_second_group():
  groups = _groups(Candidate(8, 1, True))
  assert [len(group) for group in groups] == [1, 3]


def test_what_the_user_sets_stays():
  fixed = {"options.micro_batches", "options.batch_size"}
  assert _groups(Candidate(32), fixed=fixed) == [
    [Candidate(32)],
    [Candidate(32, 1, True)],
  ]
  assert len(_groups(Candidate(32), fixed={"options.recompute"})) == 2


def test_each_of_several_replicas_gets_equal_parts():
  parts, _, smaller, _ = _groups(Candidate(64), multiple=4)
  assert [one.micro_batches for one in parts] == [1, 2, 4, 8]
  assert [one.batch_size for one in smaller] == [32, 16, 8, 4]


def test_bindings_are_those_that_differ():
  assert Candidate(64, 2).bindings(Candidate(64)) == [
    "options.micro_batches = 2"
  ]
  assert "run_config.precision = 'float32'" in Candidate(64).bindings()


def _find(needs, room, impossible=()):
  """Returns (the number of parts that is found, those that were asked)."""
  group = [Candidate(64, count) for count in needs]
  asked = []

  def fits(candidate):
    asked.append(candidate.micro_batches)
    if candidate.micro_batches in impossible:
      return None
    return needs[candidate.micro_batches] <= room

  found = candidates.first_fitting(group, fits)
  return (found.micro_batches if found else None), asked


def test_the_first_that_fits_is_found_by_bisection():
  needs = {2**k: 100 - 10 * k for k in range(7)}
  for k in range(7):
    assert _find(needs, 100 - 10 * k)[0] == 2**k
  assert _find(needs, 100) == (1, [1])
  assert len(_find(needs, 80)[1]) <= 5


def test_two_questions_tell_that_nothing_fits():
  assert _find({1: 9, 2: 8, 4: 7}, 5) == (None, [1, 4])


def test_impossible_ones_are_passed_over():
  needs = {1: 9, 2: 8, 4: 7, 8: 6}
  assert _find(needs, 8, impossible={8})[0] == 2
  assert _find(needs, 8, impossible={1, 2, 4, 8})[0] is None
  assert candidates.first_fitting([], lambda _: True) is None
