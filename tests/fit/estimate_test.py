"""What candidates of a tiny GAN need."""

from compare_gan.fit import estimate
from compare_gan.fit import machine
from compare_gan.fit.candidates import Candidate
import gin
import pytest

_CPU = machine.Machine("cpu", 1, "float32", "")
_LINES = [
  "options.architecture = 'dcgan_arch'",
  "options.gan_class = @ModularGAN",
  "options.training_steps = 2",
  "dataset.name = 'shapes16'",
  "dcgan.Generator.ch = 4",
  "dcgan.Discriminator.ch = 4",
]


def _estimate(candidate, on=_CPU, process_bytes=0, fake=True, lines=()):
  estimator = estimate.Estimator([], [*_LINES, *lines], on, process_bytes, fake)
  return estimator(candidate)


def test_parts_need_less_than_the_whole_and_more_than_a_smaller_batch():
  whole = _estimate(Candidate(4096))
  parts = _estimate(Candidate(4096, 8))
  assert _estimate(Candidate(512)) < parts < whole


def test_the_process_and_the_dataset_count_on_a_cpu():
  alone = _estimate(Candidate(8))
  assert _estimate(Candidate(8), process_bytes=10**9) == alone + 10**9
  images = 50000 * 16 * 16 * 3  # of shapes16
  assert _estimate(Candidate(8), fake=False) == alone + images


def test_a_gpu_holds_neither():
  gpu = machine.Machine("gpu", 1, "float32", "")
  first = _estimate(Candidate(8), gpu)
  assert _estimate(Candidate(8), gpu, 10**9, fake=False) == first


def test_what_a_network_cannot_do_is_an_error():
  with pytest.raises(ValueError, match="options.recompute = True, but"):
    _estimate(Candidate(8, 1, True))


def test_bindings_of_the_process_stay():
  gin.bind_parameter("options.z_dim", 5)
  _estimate(Candidate(8))
  assert gin.query_parameter("options.z_dim") == 5
