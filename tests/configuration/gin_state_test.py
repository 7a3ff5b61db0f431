"""A state of gin for a while."""

from compare_gan.configuration import gin_files
from compare_gan.configuration import gin_state
import gin


def test_bindings_inside_are_forgotten_and_those_outside_kept():
  gin_files.parse(bindings=["options.z_dim = 3"])
  with gin_state.own_gin():
    assert "options" not in gin.config_str()
    gin.parse_config("options.z_dim = 4")
  assert gin.query_parameter("options.z_dim") == 3


def test_asking_for_a_binding_leaves_no_trace():
  gin.parse_config("options.z_dim = 7")
  assert gin_state.is_bound("options.z_dim")
  assert not gin_state.is_bound("options.batch_size")
  assert gin.operative_config_str() == ""
