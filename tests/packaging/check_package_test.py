"""What .ci/check_package.py says of a wheel."""

from tests.packaging import scripts

check_package = scripts.load(".ci/check_package.py")

_FILES = {"compare_gan/a.py": b"1", "compare_gan/configs/b.gin": b"2"}
_ABOUT = {"compare_gan-1.0.dist-info/licenses/LICENSE": b""}


def _problems(inside):
  return check_package.problems({**inside, **_ABOUT}, _FILES, "1.0")


def test_what_a_wheel_should_hold():
  wanted = check_package.wanted()
  assert {
    "compare_gan/py.typed",
    "compare_gan/configs/biggan_cifar.gin",
    "compare_gan/configs/regularisers/r1.gin",
    "compare_gan/export/web/web_page.html",
    "compare_gan/study/report/sections/best.js",
  } <= set(wanted)
  assert not [name for name in wanted if "__pycache__" in name]


def test_a_good_wheel_has_no_problems():
  assert _problems(_FILES) == []


def test_each_difference_is_named():
  assert _problems({"compare_gan/a.py": b"3", "tests/c.py": b""}) == [
    "compare_gan/configs/b.gin is missing.",
    "tests/c.py should not be there.",
    "compare_gan/a.py differs from the checkout.",
  ]


def test_a_wheel_has_its_license():
  assert check_package.problems(_FILES, _FILES, "1.0") == [
    "LICENSE is missing."
  ]


def test_two_wheels_differ_in_names_and_contents():
  other = {"compare_gan/a.py": b"1", "compare_gan/d.py": b""}
  assert check_package.differences(_FILES, other) == [
    "compare_gan/configs/b.gin",
    "compare_gan/d.py",
  ]
