"""The one place that knows which network "Inception" means."""

from compare_gan.features import inception_network
from compare_gan.features import recipes
import gin
import pytest

pytestmark = pytest.mark.versions("gin reads the lines")


def test_bindings_are_lines_that_gin_reads():
  import compare_gan.features.inception  # noqa: F401  known to gin

  with gin.unlock_config():
    gin.parse_config(inception_network.bindings("a 'b'/c.tar.gz"))
  assert gin.query_parameter("inception.path") == "a 'b'/c.tar.gz"


def test_the_recipe_has_the_names():
  script = recipes.RECIPES["inception"]
  assert f'ARCHIVE = "{inception_network.FILE}"' in script
  assert 'whole.prune("Mul:0", "pool_3:0")' in script
  assert "<" not in script.partition("class Tower")[0].replace("->", "")
