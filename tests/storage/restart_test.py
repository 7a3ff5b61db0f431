"""Which bindings differ from those of a checkpoint, and what is recorded."""

from compare_gan.storage import restart
import gin
import pytest

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")


def _begun(config):
  return restart.Begun("model", 10, {"a": (1,)}, config)


def _differences(before, now):
  gin.parse_config(now)
  return [tuple(d) for d in restart.differences(_begun(before))]


def test_other_value_is_a_difference():
  found = _differences("options.lamba = 1", "options.lamba = 10")
  assert found == [("options.lamba", 1, 10)]


@pytest.mark.parametrize(
  "before,now",
  [
    ("options.lamba = 1", "options.lamba = 1.0"),
    ("options.lamba = 1", ""),  # It is the default.
    ("", "options.lamba = 1"),
    ("LAMBA = 5\noptions.lamba = %LAMBA", "options.lamba = 5"),
    ("weights.initializer = 'normal'", "x/weights.initializer = 'normal'"),
    ("x/options.lamba = 3\noptions.lamba = 3", "options.lamba = 3"),
    ("options.gan_class = @gans.ModularGAN", "options.gan_class = @ModularGAN"),
    ("", "ModularGAN.g_optimizer_fn = @tf.train.AdamOptimizer"),
    ("evaluate.metrics = (@fid, @kid)", "evaluate.metrics = [@fid, @kid]"),
    ("folder.path = 'data'", "folder.path = '/somewhere/data'"),
  ],
)
def test_the_same_is_no_difference(before, now):
  assert _differences(before, now) == []


def test_what_is_not_bound_any_more_has_its_default():
  found = _differences("options.disc_iters = 5", "")
  assert found == [("options.disc_iters", 5, 1)]


def test_what_has_no_default_is_not_bound():
  gin.parse_config("options.batch_size = 8")
  [found] = restart.differences(_begun(""))
  assert restart.describe_difference(found, 10) == (
    "options.batch_size: not bound until step 10, 8 from then on"
  )


def test_folder_without_a_config_has_no_differences():
  gin.parse_config("options.lamba = 10")
  assert restart.differences(_begun(None)) == []


_OLD = """
weights.initializer = 'orthogonal'
options.init_from = '/old'
options.lamba = 1
"""
_NEW = f"""
# Parameters for options:
options.init_from = \\
    '{"/long" * 20}'
options.lamba = 10
tf.train.AdagradOptimizer.initial_accumulator_value = 3.0
weights.initializer = 'normal'
weights.stddev = 0.02
"""


def test_first_values_are_those_that_the_training_began_with():
  text = restart.config_in_force(_NEW, _begun(_OLD))
  lines = [line for line in text.splitlines() if line and line[0] != "#"]
  assert lines == [
    "options.lamba = 10",
    "weights.initializer = 'orthogonal'",
    "options.init_from = '/old'",
  ]


def test_new_training_records_what_it_is_bound_to():
  assert restart.config_in_force(_NEW, None) == _NEW
