"""A comparison of two runs in words."""

from compare_gan.reproduction import comparison as comparison_lib

_SHOWN = 5  # differences of a part


def in_words(found: comparison_lib.Comparison) -> str:
  """Returns what equals, what differs and by how much, and what may be why."""
  lines = [_expectation(found)]
  for part in found.parts:
    lines += _of_part(part)
  lines += found.unknown
  if found.unlike:
    lines.append("The runs differ in:")
    lines += [f"  {sentence}" for sentence in found.unlike]
  lines += _why(found)
  lines.append(verdict(found))
  return "\n".join(lines)


def verdict(found: comparison_lib.Comparison) -> str:
  """Returns one sentence: whether the run is reproduced."""
  if not any(part.count for part in found.parts):
    return "Not reproduced: there is nothing that both have."
  if found.is_equal:
    return "Reproduced bit for bit."
  if found.is_reproduced:
    return "Reproduced within the tolerances, not bit for bit."
  return "Not reproduced."


def _expectation(found):
  if found.expects_bits:
    return (
      "Both runs computed alike, on a CPU of the same kind: all bits have to "
      "be equal."
    )
  return (
    "The runs rounded differently, or it is unknown whether they did, so "
    "tolerances apply: "
    f"{comparison_lib.VARIABLES:.0%} of a variable's norm (or "
    f"{comparison_lib.VARIABLES_ABSOLUTE:g}), "
    f"{comparison_lib.SCALARS:.0%} (or {comparison_lib.SCALARS_ABSOLUTE:g}) of "
    f"a scalar, {comparison_lib.SCORES:.0%} of a score. Every step makes a "
    "difference in rounding larger."
  )


def _of_part(part):
  if not part.count:
    return [f"{_begin(part)}: none in common."]
  unlike = part.differences
  if not unlike:
    return [f"{_begin(part)}: all {part.count} are equal."]
  worst = sorted(unlike, key=_size, reverse=True)
  lines = [
    f"{_begin(part)}: {part.count - len(unlike)} of {part.count} are equal."
  ]
  lines += [f"  {_of_difference(one)}" for one in worst[:_SHOWN]]
  if len(worst) > _SHOWN:
    lines.append(f"  and {len(worst) - _SHOWN} more, which differ less")
  return lines


def _begin(part):
  return part.what[0].upper() + part.what[1:]


def _size(one):
  if one.relative is None or one.relative != one.relative:
    return float("inf")
  return one.relative


def _of_difference(one):
  where = f"{one.name}, step {one.step}"
  if one.absolute is None or one.relative is None:
    return f"{where}: in one run alone, or a count or a shape that differs"
  tolerated = " (tolerated)" if one.is_tolerated else ""
  return (
    f"{where}: differs by up to {one.absolute:.3g}, "
    f"{one.relative:.3g} of its size{tolerated}"
  )


def _why(found):
  """Returns a sentence on what the first difference tells, if there is one."""
  if found.is_equal:
    return []
  steps = [
    one.step
    for part in found.parts
    for one in part.differences
    if part.is_of_variables
  ]
  named = (
    "what the runs differ in, above, may be why"
    if found.unlike
    else "the bills name no reason: look for code that is not deterministic, "
    "or files that have changed"
  )
  return [f"{_first_difference(steps)}; {named}."]


def _first_difference(steps):
  """Returns what the steps say whose variables differ."""
  if not steps:
    return "All variables are equal, but not what was computed from them"
  if min(steps) == 0:
    return (
      "The variables differ from step 0 on: the runs began with other values, "
      "as with another seed, another initialiser or other code"
    )
  return f"The variables differ from the checkpoint of step {min(steps)} on"
