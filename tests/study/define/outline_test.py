"""What is known of a study before it has scores."""

import dataclasses

from compare_gan.study.define import outline

_TWO_PHASES = """
study.slices = [{"norm": "none"}]
study.seeds = 2
study.search = [@grid(), @listed()]
grid.values = {"lamba": [1, 2]}
listed.settings = [{"lamba": 3}]
"""


def test_places_of_phases_follow_each_other(load):
  made = outline.Outline(load(_TWO_PHASES))
  # Without a penalty lamba is inert: one setting. Else two, with two seeds.
  assert [made.first_place(0, 0, group) for group in range(3)] == [0, 2, 6]
  assert [made.first_place(1, 0, group) for group in range(3)] == [10, 12, 14]


def test_an_outline_is_made_once_for_a_study(load):
  study = load(_TWO_PHASES)
  made = outline.make_or_reuse(study)
  assert outline.make_or_reuse(study) is made
  assert outline.make_or_reuse(dataclasses.replace(study)) is not made
