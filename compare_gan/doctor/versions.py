"""Versions of Python and of packages, and whether setup.py asks for others."""

import platform
from typing import Optional

from compare_gan import version as own
from compare_gan.doctor import own_process
from compare_gan.doctor import requirements
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok
from compare_gan.doctor.finding import wrong

ORDER = 10

_NO_AVX = (
  "TensorFlow's wheels need a processor with AVX: use another machine, or "
  "build TensorFlow for this one."
)


def look(asked: Asked) -> list[Finding]:
  """Returns a finding for Python and each package that is needed."""
  del asked
  failures = import_failures(own_process.ask_library())
  ours = ok("compare_gan", f"{own.__version__} in {requirements.PACKAGE}")
  try:
    required = requirements.required()
  except requirements.Unknown as error:
    return [ours, unknown(error), *_unloadable(failures)]
  return [
    python(platform.python_version(), required),
    ours,
    *(package(one, failures.get(one.name)) for one in required.needed),
  ]


def python(found: str, required: requirements.Required) -> Finding:
  """Returns the finding about this Python."""
  if required.python.contains(found, prereleases=True):
    return ok("Python", found)
  return wrong(
    "Python",
    f"{found}, outside of {required.python}",
    "Make an environment with another Python.",
  )


def package(
  requirement: requirements.Requirement, failure: Optional[str] = None
) -> Finding:
  """Returns the finding about a package that is needed.

  Args:
    requirement: what setup.py says of it.
    failure: why it cannot be imported.
  """
  name = requirement.name
  install = f'pip install "{requirement}"'
  found = requirements.version(name)
  if found is None:
    return wrong(name, "not installed", install)
  if not requirements.fits(requirement, found):
    return wrong(name, f"{found}, outside of {requirement.specifier}", install)
  if failure:
    said = f"{found}, but cannot be imported: {failure}"
    if "SIGILL" in failure:
      return wrong(name, said, _NO_AVX)
    return wrong(
      name,
      said,
      f"{install} --force-reinstall. For an old TensorFlow add its pins, such "
      "as -c constraints-tf2.6.txt.",
    )
  return ok(name, found)


def unknown(error: requirements.Unknown) -> Finding:
  """Returns the finding that no versions can be compared."""
  return absent(
    "requirements",
    str(error),
    "pip install it, or copy setup.py and pyproject.toml along, to have "
    "versions compared.",
  )


def _unloadable(failures):
  return [
    wrong(name, f"cannot be imported: {said}", f"pip install {name}")
    for name, said in failures.items()
  ]


def import_failures(answer: own_process.Answer) -> dict[str, str]:
  """Returns {package: why it cannot be imported}."""
  failures, begun = {}, ""
  for message in answer.said:
    begun = message.get("begins", begun)
    if message.get("error") and "package" in message:
      failures[message["package"]] = message["error"]
  killed = begun.partition("import ")[2]
  if answer.failure and killed:
    failures.setdefault(killed, answer.failure)
  return failures
