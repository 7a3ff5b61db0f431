"""How a program starts quietly, and what its own commands then get."""

import subprocess
import sys

import pytest

from tests import plain_shell

_CODE = """
import os
from compare_gan import console
console.begin()
name = "TF_CPP_MIN_LOG_LEVEL"
print(os.environ[name], console.users_environment().get(name))
"""


@pytest.mark.parametrize(
  "given,said", [({}, "2 None"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0 0")]
)
def test_commands_get_the_users_variables_only(given, said):
  done = subprocess.run(
    [sys.executable, "-c", _CODE],
    env=plain_shell.checkout(**given),
    stdout=subprocess.PIPE,
    text=True,
    check=True,
  )
  assert done.stdout.strip() == said
