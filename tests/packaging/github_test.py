"""Workflows, forms and hooks: what they call is there, and who may publish.

`make package` also compares them with the schemas of GitHub.
"""

import re

import pytest
import yaml

from tests.packaging import scripts

ROOT = scripts.ROOT
_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


class _Loader(yaml.SafeLoader):
  """YAML 1.2's booleans: `on` is a word, and a key given twice is an error."""

  def construct_mapping(self, node, deep=False):
    keys = [self.construct_object(key) for key, _ in node.value]
    assert len(set(keys)) == len(keys), f"a key twice: {keys}"
    return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
  letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
  for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
  "tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf")
)


def _load(path):
  return yaml.load(path.read_text(encoding="utf-8"), _Loader)


def _workflow(name):
  return _load(ROOT / ".github" / "workflows" / f"{name}.yml")


def _steps(workflow):
  return [
    step for job in workflow["jobs"].values() for step in job.get("steps", [])
  ]


def _commands(workflow):
  return [step["run"] for step in _steps(workflow) if "run" in step]


def _targets():
  makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
  phony = re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
  tests = re.findall(r"^TESTS := (.*)$", makefile, re.MULTILINE)
  targets = set(" ".join(phony + tests).split())
  # The folder docs_build and `make docs` come together.
  return targets if (ROOT / "docs_build").is_dir() else targets | {"docs"}


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_calls_is_there(path):
  workflow = _load(path)
  for command in _commands(workflow):
    for target in re.findall(r"\bmake ([\w-]+)", command):
      assert target in _targets(), f"make {target}"
    for file in re.findall(r"(?:bash|python) (\.ci/\S+)", command):
      assert (ROOT / file).is_file(), file
  for job in workflow["jobs"].values():
    assert job.get("needs", next(iter(workflow["jobs"]))) in workflow["jobs"]
    if "uses" in job:
      assert (ROOT / job["uses"]).is_file()
    else:
      assert job["timeout-minutes"] <= 180


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_unless_a_job_says_more(path):
  assert _load(path)["permissions"] == {"contents": "read"}


def test_ci_runs_what_ci_runs_anywhere():
  commands = _commands(_workflow("ci"))
  assert {"bash .ci/run", "bash .ci/run --all", "make test-oldest"} <= {
    *commands
  }


def test_ci_has_every_python_that_the_legs_look_for():
  [versions] = [
    step["with"]["python-version"].split()
    for step in _workflow("ci")["jobs"]["tests"]["steps"]
    if "setup-python" in step.get("uses", "")
  ]
  run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
  for wanted in re.findall(r"find_python ([\d. ]+)\)", run):
    assert set(wanted.split()) & set(versions), wanted


def test_images_are_those_of_the_folder_docker():
  matrix = _workflow("ci")["jobs"]["docker"]["strategy"]["matrix"]
  files = {path.name for path in (ROOT / "docker").glob("*.Dockerfile")}
  assert {f"{device}.Dockerfile" for device in matrix["device"]} == files


def test_only_a_tag_is_published_and_only_after_ci():
  workflow = _workflow("release")
  assert workflow["on"] == {"push": {"tags": ["v*"]}}
  jobs = workflow["jobs"]
  may_publish = [name for name, job in jobs.items() if "permissions" in job]
  assert may_publish == ["publish"]
  assert jobs["publish"]["permissions"] == {"id-token": "write"}
  assert jobs["publish"]["needs"] == "ci" and jobs["ci"]["needs"] == "version"
  text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
  assert "secrets." not in text and "password:" not in text


def test_what_is_published_is_what_ci_has_checked():
  [kept] = [
    step["with"]
    for step in _workflow("ci")["jobs"]["package"]["steps"]
    if "upload-artifact" in step.get("uses", "")
  ]
  [taken] = [
    step["with"]
    for step in _workflow("release")["jobs"]["publish"]["steps"]
    if "download-artifact" in step.get("uses", "")
  ]
  assert (kept["name"], kept["path"]) == (taken["name"], taken["path"])


@pytest.mark.parametrize(
  "path",
  [path for path in _FORMS if path.stem != "config"],
  ids=lambda path: path.stem,
)
def test_fields_of_a_form_have_names_of_their_own(path):
  form = _load(path)
  assert form["name"] and form["description"]
  ids = [field["id"] for field in form["body"]]
  assert len(set(ids)) == len(ids)
  assert any(
    field.get("validations", {}).get("required") for field in form["body"]
  )


def test_hooks_have_the_versions_of_setup_py():
  hooks = {
    repo["repo"].rpartition("/")[2]: repo
    for repo in _load(ROOT / ".pre-commit-config.yaml")["repos"]
  }
  [ruff] = [
    line
    for line in scripts.setup_arguments()["extras_require"]["test"]
    if line.startswith("ruff==")
  ]
  assert hooks["ruff-pre-commit"]["rev"] == f"v{ruff[len('ruff==') :]}"
  for hook in hooks["local"]["hooks"]:
    for script in re.findall(r"\.ci/\S+", hook["entry"]):
      assert (ROOT / script).is_file()


def test_no_file_is_larger_than_the_hook_allows():
  """Those that are there stay; the hook is about new ones."""
  [hook] = [
    hook
    for repo in _load(ROOT / ".pre-commit-config.yaml")["repos"]
    for hook in repo["hooks"]
    if hook["id"] == "check-added-large-files"
  ]
  limit = int(hook["args"][0].partition("=")[2]) * 1024
  for path in (ROOT / "compare_gan").rglob("*"):
    name = path.relative_to(ROOT).as_posix()
    if path.is_file() and not re.search(hook["exclude"], name):
      assert path.stat().st_size <= limit, path
