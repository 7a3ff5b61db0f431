"""A module is loaded once gin looks up one of its names."""

import sys
import textwrap

from compare_gan.configuration import late_names
import gin
import pytest

from tests import plain_shell

_MODULE = """
  import gin

  @gin.configurable(module="late_names_test")
  def {name}(x=1):
    return x
"""


@pytest.fixture
def rare(tmp_path, monkeypatch):
  """Yields the name of a module that waits, and the name in it."""
  module = f"late_{tmp_path.name}"
  name = f"rare_{tmp_path.name}"
  code = textwrap.dedent(_MODULE.format(name=name))
  (tmp_path / f"{module}.py").write_text(code)
  monkeypatch.syspath_prepend(tmp_path)
  monkeypatch.setattr(late_names, "_MODULES", {})
  late_names.load_when_named(module, [name])
  return module, name


def test_a_binding_loads_the_module(rare):
  module, name = rare
  gin.parse_config("options.z_dim = 8")
  assert module not in sys.modules
  gin.parse_config(f"late_names_test.{name}.x = 3")
  assert gin.get_configurable(name)() == 3


def test_a_wrong_parameter_is_an_error_of_gin(rare):
  _, name = rare
  with pytest.raises(ValueError, match="y"):
    gin.parse_config(f"{name}.y = 3")


def test_a_locked_config_does_not_refuse_a_reference(rare):
  _, name = rare
  gin.parse_config("options.z_dim = 8")
  gin.finalize()
  assert gin.get_configurable(name)() == 1


def test_all_can_be_loaded_to_list_them(rare):
  module, _ = rare
  late_names.load_all()
  assert module in sys.modules


_CODE = """
import sys
from compare_gan.configuration import gin_files
loaded = lambda: "compare_gan.gans.shrinking_optimizers" in sys.modules
gin_files.parse(["resnet_cifar10.gin"])
print(loaded())
gin_files.parse(["rare.gin"])
import gin
print(loaded(), gin.query_parameter("FtrlOptimizer.beta"))
"""


@pytest.mark.long
@pytest.mark.versions("each Python imports in its own way")
def test_a_file_that_only_binds_a_rare_optimiser_loads_it(tmp_path):
  (tmp_path / "rare.gin").write_text("tf.train.FtrlOptimizer.beta = 0.5")
  code = ["-c", _CODE]
  done = plain_shell.run(code, tmp_path, PYTHONPATH=plain_shell.ROOT)
  assert done.stdout == "False\nTrue 0.5\n", done.stderr
