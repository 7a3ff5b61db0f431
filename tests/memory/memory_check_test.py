"""Before training: what it needs, and what would need less."""

import warnings

from compare_gan.estimator import run_config
from compare_gan.memory import memory_check
from compare_gan.memory import memory_limit
from compare_gan.memory import step_memory
from compare_gan.storage.model_dir import DatasetShape
import gin
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.function is traced for what it needs")


def _graph(gan):
  step = tf.function(gan.train_step, autograph=False)
  return step.get_concrete_function(memory_check.specs(gan)).graph


def _big(**chosen):
  gin.bind_parameter("resnet_cifar.Generator.ch", 4)
  gin.bind_parameter("resnet_cifar.Discriminator.ch", 4)
  return tiny.gan(
    architecture="resnet_cifar_arch",
    dataset=DatasetShape((32, 32, 3), 0),
    **{"batch_size": 32, **chosen},
  )


@pytest.fixture
def _half_a_gib(monkeypatch):
  monkeypatch.setattr(memory_limit, "resident", lambda: 2**29)


def test_what_fits_is_said_and_no_more(capsys, _half_a_gib):
  gan = tiny.gan()
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    memory_check.check("refuse", _graph(gan), gan)
  # What the process has, 80 MiB for a training, and some for its graph.
  assert "Estimated memory for training: 0.6 GiB" in capsys.readouterr().out


def test_an_allocator_that_gives_back_needs_less(monkeypatch, _half_a_gib):
  gan = _big(batch_size=512)
  monkeypatch.setenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "0")
  keeps = memory_check._estimate(gan)
  monkeypatch.setenv("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
  gives_back = memory_check._estimate(gan)
  step = step_memory.step_bytes(gan.train_step, memory_check.specs(gan))
  of_variables = step_memory.variable_bytes(gan.variables)
  assert keeps - gives_back == pytest.approx(
    (1.3 - 1.1) * (step + of_variables), rel=0.01
  )


def test_off_does_not_look(capsys):
  memory_check.check("off", None, None)
  assert not capsys.readouterr().out


@pytest.fixture
def _no_memory(monkeypatch):
  monkeypatch.setattr(memory_check, "_host_bytes", lambda: 2**20)


def test_a_container_that_is_used_by_others_has_less(monkeypatch):
  monkeypatch.setattr(
    memory_check.memory_limit,
    "find",
    lambda: memory_limit.Memory(3 * 2**30, 8 * 2**30, "container"),
  )
  monkeypatch.setattr(memory_check.memory_limit, "resident", lambda: 2**30)
  assert memory_check._host_bytes() == 4 * 2**30
  monkeypatch.setattr(memory_check.memory_limit, "resident", lambda: 2**33)
  assert (
    memory_check._host_bytes() == 8 * 2**30
  )  # What it has is counted twice.


@pytest.mark.slow
def test_what_does_not_fit_is_refused_with_what_would_need_less(_no_memory):
  gan = _big()
  with pytest.raises(ValueError) as error:
    memory_check.check("refuse", _graph(gan), gan)
  text = str(error.value)
  assert "options.recompute = True: " in text
  assert "options.micro_batches = 4: " in text
  assert "options.recompute = True, options.micro_batches = 4: " in text
  assert "query_chunk" not in text  # There is no attention.
  assert "(fits)" not in text
  assert "run_config.memory_check = 'warn'" in text
  assert gan.options.micro_batches == 1 and not gan.options.recompute


def test_by_default_there_is_a_warning(_no_memory):
  gan = tiny.gan(batch_size=2)
  with pytest.warns(UserWarning, match="A smaller options.batch_size"):
    memory_check.check("warn", _graph(gan), gan)


def test_replicas_get_advice_without_estimates(_no_memory):
  gan = _big(recompute=True)
  graph = _graph(gan)
  with pytest.warns(UserWarning, match="options.micro_batches = 4$"):
    memory_check.check("warn", graph, gan, replicas=2)


def test_attention_can_look_in_chunks():
  gin.bind_parameter("resnet_biggan.Generator.ch", 2)
  gin.bind_parameter("resnet_biggan.Generator.blocks_with_attention", "B2")
  gin.bind_parameter("resnet_biggan.Discriminator.ch", 2)
  gin.bind_parameter("resnet_biggan.Discriminator.project_y", False)
  gin.bind_parameter("resnet_biggan.Discriminator.blocks_with_attention", "")
  gan = tiny.gan(
    architecture="resnet_biggan_arch",
    dataset=DatasetShape((32, 32, 3), 0),
    z_dim=4,
  )
  [block] = memory_check._attention_blocks(gan)
  ways = [bindings for bindings, _ in memory_check._ways_to_save(gan)]
  assert ["non_local_block.query_chunk = 512"] in ways
  with memory_check._changed(gan, query_chunk=512):
    assert block.query_chunk == 512
  assert block.query_chunk == 0


@pytest.mark.parametrize(
  "batch,now,parts",
  [(64, 1, 8), (2, 1, 1), (2048, 1, 256), (64, 16, 16), (9, 1, 3)],
)
def test_parts_of_eight_images(batch, now, parts):
  options = tiny.gan(batch_size=batch, micro_batches=now).options
  assert memory_check._more_parts(options) == parts


def test_an_unknown_mode_is_refused():
  with pytest.raises(ValueError, match="run_config.memory_check = 'maybe'"):
    run_config.run_config(memory_check="maybe")
  assert run_config.run_config().memory_check == "warn"
