"""The examples of CONTRIBUTING.md work, and there is one of each kind."""

import collections
import importlib
import os
import re
import shutil
import sys
import textwrap
import types

from compare_gan import looks
from compare_gan.architectures import abstract_arch
from compare_gan.checks import check
from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds
from compare_gan.datasets import catalogue
from compare_gan.estimator import devices
from compare_gan.estimator import hook_kinds
from compare_gan.estimator import run_config
from compare_gan.evaluation import settings
from compare_gan.layers import kernel
from compare_gan.study.run import executors
from compare_gan.study.run import process
from compare_gan.trackers import choice
from compare_gan.watchdogs import probe
from compare_gan.watchdogs import settings as settings_lib
from compare_gan.watchdogs import signal
import gin
import numpy as np
import pytest
import tensorflow as tf

from tests import own_package
from tests import plain_shell
from tests.gans import tiny
from tests.looks import tiny as tiny_look

pytestmark = pytest.mark.versions("extends the core, on every TensorFlow")

_TEXT = (plain_shell.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (my_package)/(\w+)\.py\n")

# The example of each kind; a test below has its name.
_EXAMPLES = {
  "architectures": "mygan",  # a copy of dcgan.py
  "datasets": "my_dataset",
  "devices": "my_device",
  "executors": "my_executor",
  "features": "my_features",
  "gans": "my_gan",
  "heads": "my_head",
  "hooks": "my_hook",
  "kernels": "my_kernel",
  "looks": "my_look",
  "losses": "my_loss",
  "metrics": "my_metric",
  "norms": "my_norm",
  "optimizers": "my_optimizer",
  "penalties": "my_penalty",
  "report_sections": "slowest",
  "schedules": "my_schedule",
  "trackers": "my_tracker",
  "watchdogs": "my_signal",
}
# More than one of a kind.
_MORE = {"my_term"}
# Trained models, gin files, and what is all of these
_NO_CODE = {"bundles", "cards", "presets", "studies", "yours"}


def _blocks(language):
  found = _FENCE.findall(_TEXT)
  return [textwrap.dedent(text) for lang, text in found if lang == language]


def _gin_of(name):
  """Returns the lines of gin that choose an example."""
  [text] = [
    text
    for text in _blocks("")
    if f"my_package.{name}" in text and "python" not in text
  ]
  return text


@pytest.fixture(scope="module", autouse=True)
def package(tmp_path_factory):
  """The folder my_package, as someone has it who copies the examples."""
  root = tmp_path_factory.mktemp("contributing")
  folder = root / "my_package"
  folder.mkdir()
  (folder / "__init__.py").touch()
  for text in _blocks("python"):
    match = _FILE.match(text)
    if match:
      (folder / f"{match[2]}.py").write_text(text)
  shutil.copy(
    plain_shell.ROOT / "compare_gan" / "architectures" / "dcgan.py",
    folder / "mygan.py",
  )
  own_package.forget()
  sys.path.insert(0, str(root))
  gin_files.register()
  yield folder
  sys.path.remove(str(root))
  own_package.forget()


def test_each_kind_has_an_example_and_a_test(package):
  # Those of exports are run by the tests of their formats.
  assert set(_EXAMPLES) | _NO_CODE >= set(kinds.kinds()) - {"exports"}
  for kind, name in _EXAMPLES.items():
    assert (package / f"{name}.py").is_file(), name
    assert any(name.startswith(f"test_{kind}") for name in globals()), kind


@pytest.mark.parametrize(
  "name", sorted({*_EXAMPLES.values(), *_MORE} - {"mygan"})
)
def test_examples_are_short_and_in_our_style(name, package):
  lines = (package / f"{name}.py").read_text().splitlines()
  assert len([line for line in lines if line]) <= 20
  assert max(map(len, lines)) <= 80


def _named(kind):
  return {entry.name for entry in kinds.kinds()[kind].entries()}


@pytest.mark.parametrize(
  "name",
  sorted(
    {*_EXAMPLES.values(), *_MORE} - {"my_device", "my_executor", "my_look"}
  ),
)
def test_check_takes_an_example_for_used(name):
  lines = ["include 'dcgan_shapes32.gin'", *_gin_of(name).splitlines()]
  found = check.find(lines=lines, gan=True)
  assert not [str(one) for one in found if one.severity != "note"]


def _step(name, *more):
  """Returns the scalars of a step of the smallest GAN with an example."""
  gin.parse_config([_gin_of(name), *more])
  return tiny.gan().train_step(tiny.batches(1))


def test_architectures():
  gin.parse_config(_gin_of("mygan"))
  generator = abstract_arch.load_module("my_package.mygan").Generator(
    z_dim=2, image_shape=(8, 8, 1)
  )
  assert generator(tf.zeros([2, 2]), None, False).shape == (2, 8, 8, 1)
  assert gin.query_parameter("mygan.Generator.ch") == 32


def test_datasets():
  gin.parse_config(_gin_of("my_dataset"))
  images, labels = catalogue.dataset().load("eval")
  assert images.shape == (10, 8, 8, 1) and list(labels[:2]) == [0, 1]
  # Rows differ in horizontal stripes, columns in vertical ones.
  assert images[0, :, 0, 0].tolist() == images[1, 0, :, 0].tolist()
  assert images[0, 1].min() == 255 and images[1, :, 1].min() == 255


def test_devices():
  config = run_config.for_device("my_package.my_device")
  assert config.iterations_per_loop == 1
  assert devices.choose("my_package.my_device").num_replicas() == 1


def test_executors(tmp_path):
  executor = executors.make("my_package.my_executor", jobs=1)
  code = f"import os; print('niceness', os.nice(0) - {os.nice(0)})"
  command = (sys.executable, "-S", "-c", code)
  executor.submit(process.Task("a", str(tmp_path), command, str(tmp_path)))
  [(name, _)] = executor.wait(60.0)
  executor.close()
  assert name == "a"
  log = (tmp_path / "log.txt").read_text()
  # No more than 19: that is the lowest priority.
  assert f"niceness {min(10, 19 - os.nice(0))}" in log


def test_features():
  gin.parse_config(_gin_of("my_features"))
  extractor = settings.Settings().features(None)
  images = np.zeros([2, 4, 4, 1], np.uint8)
  assert extractor(images).features.shape == (2, 16)


def test_gans():
  gin.parse_config(_gin_of("my_gan"))
  scalars = tiny.gan("MyGAN").train_step(tiny.batches(1))
  assert 0.0 < float(scalars["loss/light"]) < 1.0


def test_heads():
  scalars = _step("my_head")
  assert float(scalars["loss/class_d"]) > 0.0
  my_head = importlib.import_module("my_package.my_head").MyHead
  features = types.SimpleNamespace(num_features=1, kernel_fn=kernel.Kernel)
  head = my_head(features, num_classes=2)
  head.scores.kernel.kernel.assign([[1.0, 0.0]])
  y = tf.constant([[1.0, 0.0]])
  losses = head.losses(tf.constant([[1.0]]), tf.constant([[3.0]]), y, y)
  assert (float(losses.d_loss), float(losses.g_loss)) == (0.0, 2.0)


def test_hooks(tmp_path):
  gin.parse_config(_gin_of("my_hook"))
  training = hook_kinds.Training(str(tmp_path), 8, 8, dict, dict)
  *_, hook = hook_kinds.make(run_config.RunConfig().hooks, training)
  hook.after_loop(7, 1, 0.1, {})
  assert (tmp_path / "heartbeat.txt").read_text() == "7\n"
  assert "@Heartbeat" in _named("hooks")


def test_trackers(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  gin.parse_config(_gin_of("my_tracker"))
  [diary] = choice.make(run_config.RunConfig().trackers)
  diary.params({"options.z_dim": "2"})  # It keeps no other things.
  diary.scalars(7, {"loss/g": 0.25})
  assert (tmp_path / "numbers.txt").read_text() == "7 loss/g 0.25\n"
  assert "@Diary" in _named("trackers")


def test_watchdogs():
  gin.parse_config(_gin_of("my_signal"))
  *_, darkness = signal.make(settings_lib.Settings().signals)
  weights = {"d": (), "g": ()}
  look = probe.Look(5, {}, {}, {}, weights, fakes=np.zeros([8, 4]))
  rows = [{"step": i, **darkness.numbers(look)} for i in range(5)]
  finding = darkness.judge(signal.Curve(rows, 5, 0), look)
  assert finding.state == "collapsed" and "black" in finding.reason
  assert "@Darkness" in _named("watchdogs")


def test_hooks_by_their_dotted_path(tmp_path):
  gin.parse_config('run_config.hooks = ["my_package.my_hook.Heartbeat"]')
  training = hook_kinds.Training(str(tmp_path), 8, 8, dict, dict)
  *_, hook = hook_kinds.make(run_config.RunConfig().hooks, training)
  assert type(hook).__name__ == "Heartbeat"


def test_kernels():
  assert np.isfinite(float(_step("my_kernel")["loss/g"]))
  my_kernel = importlib.import_module("my_package.my_kernel").MyKernel
  made = my_kernel([1, 1], limit=2.0)
  made.kernel.assign([[100.0]])
  np.testing.assert_allclose(made(is_training=True), [[2.0]])


def test_looks(tmp_path):
  [look] = looks.find("my_package.my_look").values()
  images = np.stack([np.zeros([4, 4, 1]), np.ones([4, 4, 1])])
  look.make(tiny_look.look_at(tmp_path, images.astype(np.float32)), None)
  picture = tf.io.decode_png((tmp_path / "mean.png").read_bytes())
  assert set(picture.numpy().ravel()) == {128}  # of 0 and 255


def test_losses():
  assert np.isfinite(float(_step("my_loss")["loss/g"]))
  my_loss = importlib.import_module("my_package.my_loss").my_loss
  # max(0, 1/2 - 1/4) + max(0, 1/2 - 1): the margin is that of the gin lines.
  losses = my_loss(tf.constant([[0.25]]), tf.constant([[-1.0]]))
  assert float(losses.d_loss) == 0.25


def test_metrics():
  gin.parse_config(_gin_of("my_metric"))
  [shift] = settings.Settings().metrics
  zeros = np.zeros([3, 2])
  assert shift(zeros, zeros + [3.0, 4.0]) == {"shift": 5.0}
  assert "@shift" in _named("metrics")


def test_norms():
  assert np.isfinite(float(_step("my_norm")["loss/g"]))
  my_norm = importlib.import_module("my_package.my_norm").MyNorm
  norm = my_norm(1, z_dim=0, y_dim=0, kernel_fn=None, name="n", epsilon=0.0)
  # The root of (1 + 49) / 2 is 5.
  y = norm(tf.constant([[1.0], [7.0]]), None, None, True)
  np.testing.assert_allclose(y, [[0.2], [1.4]], rtol=1e-6)


def test_optimizers():
  gin.parse_config(_gin_of("my_optimizer"))
  gan = tiny.gan()
  [kernel, *_] = gan.discriminator.trainable_variables
  before = kernel.numpy()
  gan.train_step(tiny.batches(1))
  moved = np.abs(kernel.numpy() - before)
  # Each weight moves by the learning rate, where it has a gradient.
  assert moved.max() == pytest.approx(2e-4, rel=1e-2)


def test_penalties():
  penalty = float(_step("my_penalty")["loss/penalty"])
  assert penalty > 0.0
  my_penalty = importlib.import_module("my_package.my_penalty").my_penalty
  # (1 + 9) / 2
  assert float(my_penalty(tf.constant([[1.0]]), tf.constant([[3.0]]))) == 5.0


def test_penalties_as_terms():
  scalars = _step("my_term")
  assert {"penalty/equal", "penalty/equal_weighted"} <= set(scalars)
  equal = importlib.import_module("my_package.my_term").equal_slopes
  # ((9 + 9) / 2 - (1 + 1) / 2)^2
  assert float(equal(tf.constant([3.0, 3.0]), tf.constant([1.0, -1.0]))) == 64.0


def test_report_sections():
  [name] = re.findall(r'"(.+)"', _gin_of("slowest"))
  slowest = importlib.import_module(name)
  Row = collections.namedtuple("Row", "run seconds")
  rows = [Row("a", 3), Row("b", None), Row("c", 5), Row("d", 4)]
  table = types.SimpleNamespace(rows=rows)
  section = slowest.section(types.SimpleNamespace(table=table))
  assert re.findall(r"<li>(\w)", section.html) == ["c", "d", "a"]


def test_schedules():
  gin.parse_config(_gin_of("my_schedule"))
  rate = gin.get_configurable("warm_up")()
  assert float(rate(0)) == 0.0
  np.testing.assert_allclose([rate(500), rate(2000)], [1e-4, 2e-4], rtol=1e-6)
  tiny.gan().train_step(tiny.batches(1))
