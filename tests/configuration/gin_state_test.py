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
