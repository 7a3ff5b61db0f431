"""Which hooks a training has, and what is refused as one."""

from compare_gan.estimator import hook_kinds
from compare_gan.estimator import hooks
from compare_gan.estimator import run_config
import gin
import pytest

pytestmark = pytest.mark.versions("gin reads the configuration of a training")


def _training(folder):
  return hook_kinds.Training(str(folder), 8, 16, dict, dict)


class Own(hooks.Hook):
  """A hook outside of the package."""

  def __init__(self, training):
    self.images = training.images_per_step


def own_pair(training):
  return [Own(training), Own(training)]


class First(Own):
  comes_first = True


def test_built_in_hooks_come_first_in_their_order(tmp_path, monkeypatch):
  monkeypatch.setattr(hook_kinds, "_registered", [])
  found = hook_kinds.make([Own, First], _training(tmp_path))
  assert [type(x).__name__ for x in found] == [
    "ScalarTable",
    "First",
    "NanGuard",
    "Progress",
    "Summaries",
    "Own",
  ]


def test_a_hook_is_made_from_what_there_is_to_know(tmp_path):
  *_, own = hook_kinds.make([Own], _training(tmp_path))
  assert own.images == 16


@pytest.mark.parametrize("name", ["Own", "own_pair"])
def test_a_dotted_path_names_a_class_or_a_function(name, tmp_path):
  gin.bind_parameter("run_config.hooks", [f"{__name__}.{name}"])
  found = hook_kinds.make(run_config.RunConfig().hooks, _training(tmp_path))
  assert sum(isinstance(hook, Own) for hook in found) == 1 + (name != "Own")


def test_a_registered_function_is_asked_by_every_training(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(hook_kinds, "_registered", [])
  assert hook_kinds.register(own_pair) is own_pair
  hook_kinds.register(own_pair)  # Once is enough.
  found = hook_kinds.make([], _training(tmp_path))
  assert sum(isinstance(hook, Own) for hook in found) == 2


@pytest.mark.parametrize(
  "value,message",
  [
    ("@no_penalty", "must be a list"),
    ("'my.hook'", "must be a list"),
    ("[3]", "names 3, which is neither a class nor a function"),
    ("['nowhere.Hook']", "'nowhere.Hook', which cannot be found"),
    (f"['{__name__}.Nothing']", "Nothing', which cannot be found"),
  ],
)
def test_what_is_no_hook_is_refused_with_the_configuration(value, message):
  gin.parse_config(f"run_config.hooks = {value}")
  with pytest.raises(ValueError, match=message):
    run_config.RunConfig()


def test_what_makes_no_hook_is_named(tmp_path):
  with pytest.raises(ValueError, match="lambda.* returned 3.*Hook, or a list"):
    hook_kinds.make([lambda training: 3], _training(tmp_path))


def test_classes_are_those_of_the_package_and_ones_own():
  found = hook_kinds.classes()
  assert {hooks.Progress, Own} <= set(found)
  assert hooks.Hook not in found
