"""What protocol cards say of this program."""

from compare_gan import version
from compare_gan.evaluation import cards


def test_version_names_the_commit_of_a_checkout():
  found = cards.code_version()
  assert found.split("+")[0] == version.__version__
