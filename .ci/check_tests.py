"""Fails unless every test that pytest collects has run, or says why it has not.

  python .ci/check_tests.py COLLECTED JUNIT

COLLECTED is what `pytest --collect-only -q` printed, and JUNIT the file that
`pytest --junitxml` wrote with the same tests to choose from. A worker that died
and took its tests along shows as tests that never ran. It also prints which
test files took the longest. Whether tests failed is what pytest's exit code
says.
"""

import collections
import re
import sys
from typing import NamedTuple
import xml.etree.ElementTree as ElementTree

_TEST = re.compile(r"[\w./-]+\.py::.+")
_TOTAL = re.compile(r"(\d+)(?:/\d+)? tests? collected\b")
_SHOWN = 20  # of a list that may be long


class Case(NamedTuple):
  """A test of a junit file."""

  name: str  # as `junit_name` writes it
  seconds: float
  skipped: bool  # or expected to fail
  reason: str


def collected_tests(text: str) -> list:
  """Returns the ids of all tests in what `pytest --collect-only -q` printed."""
  lines = iter(text.splitlines())
  found = []
  for line in lines:
    if _TEST.match(line):
      found.append(line)
    elif found:  # The list ends here; warnings may follow.
      break
  totals = [int(total[1]) for total in map(_TOTAL.match, lines) if total]
  if not found or totals != [len(found)]:
    raise ValueError(
      f"{len(found)} tests are listed, and pytest says that it collected "
      f"{' and '.join(map(str, totals)) or 'none'}."
    )
  return found


def junit_name(test: str) -> str:
  """Returns how a junit file calls the test with this id.

  "tests/a_test.py::Conv::test_x[1/2]" is "tests.a_test.Conv.test_x[1/2]".
  """
  address, bracket, parameters = test.partition("[")
  path, *names = address.split("::")
  parts = [path.removesuffix(".py").replace("/", "."), *names]
  return ".".join(parts) + bracket + parameters


def read_junit(path: str) -> list:
  """Returns the Cases of a junit file."""
  return [_case(case) for case in ElementTree.parse(path).iter("testcase")]


def _case(case):
  names = (case.get("classname"), case.get("name"))
  skip = case.find("skipped")
  reason = ""
  if skip is not None:
    reason = skip.get("message", "")
    if reason == "collection skipped":  # A whole file: (path, line, reason).
      said = re.search(r"Skipped: (.*?)['\"]?\)?$", skip.text or "", re.DOTALL)
      reason = said[1] if said else ""
  return Case(
    ".".join(filter(None, names)),
    float(case.get("time", 0.0)),
    skip is not None,
    reason,
  )


def faults(tests: list, cases: list) -> list:
  """Returns a sentence for each promise that a run has broken.

  Args:
    tests: ids of what was collected.
    cases: Cases of what has run.
  """
  there = {case.name for case in cases}
  known = set(map(junit_name, tests))
  lost = [test for test in tests if junit_name(test) not in there]
  new = sorted({c.name for c in cases if not c.skipped} - known)
  nameless = sorted({c.name for c in cases if c.skipped and _nameless(c)})
  return [
    f"{len(names)} {what}: {_first(names)}"
    for what, names in (
      ("collected, but neither run nor skipped", lost),
      ("run, but not collected", new),
      ("skipped without a reason", nameless),
    )
    if names
  ]


def _nameless(case):
  """Returns whether a reason is only pytest's, who got none from the test."""
  reason = case.reason.removeprefix("[NOTRUN]").strip()
  return reason in ("", "Skipped", "unconditional skip") or (
    reason.startswith("got empty parameter set")
  )


def _first(names):
  more = len(names) - _SHOWN
  return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def slowest_files(tests: list, cases: list, count: int = 10) -> list:
  """Returns [(seconds, number of tests, path)] of the files that took longest.

  The seconds are those of all workers together.
  """
  files = {junit_name(test): test.partition("::")[0] for test in tests}
  seconds = collections.Counter()
  for case in cases:
    if case.name in files:
      seconds[files[case.name]] += case.seconds
  number = collections.Counter(files.values())
  return [
    (total, number[path], path) for path, total in seconds.most_common(count)
  ]


def main(collected: str, junit: str) -> int:
  """Prints what became of all tests; returns 0 if none is missing."""
  with open(collected, encoding="utf-8", errors="replace") as file:
    tests = collected_tests(file.read())
  cases = read_junit(junit)
  reasons = collections.Counter(c.reason for c in cases if c.skipped)
  ran = len({case.name for case in cases if not case.skipped})
  print(
    f"{len(tests)} tests collected: {ran} ran, {sum(reasons.values())} were "
    "skipped or are expected to fail"
  )
  for reason, times in reasons.most_common():
    print(f"  skipped {times}x: {reason}")
  print("Slowest files:")
  for total, number, path in slowest_files(tests, cases):
    print(f"{total:7.1f} s {number:5d} tests  {path}")
  broken = faults(tests, cases)
  for sentence in broken:
    print(f"FAILED: {sentence}")
  return 1 if broken else 0


if __name__ == "__main__":
  try:
    sys.exit(main(*sys.argv[1:]))
  except (OSError, ValueError, ElementTree.ParseError) as error:
    sys.exit(f"FAILED: {error}")
