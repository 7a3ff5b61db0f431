"""TF-GAN imports on every TensorFlow, and agrees with our metrics."""

import subprocess
import sys

from compare_gan.features import inception_network
from compare_gan.gans import tfgan_compat
from compare_gan.metrics import fid
from compare_gan.metrics import inception_score
from compare_gan.metrics import kid
import numpy as np
import pytest
import tensorflow as tf

from tests import plain_shell

pytestmark = pytest.mark.versions("TF-GAN needs help on TensorFlow 2.16")


def _sets():
  rng = np.random.RandomState(0)
  real = rng.standard_normal([60, 6])
  return real.astype(np.float32), (1.2 * real[::-1] + 0.3).astype(np.float32)


def _eval():
  return tfgan_compat.tfgan().eval


@pytest.mark.long
def test_parts_are_imported_at_their_first_use():
  code = (
    "import sys\n"
    "from compare_gan.gans import tfgan_compat\n"
    "tfgan = tfgan_compat.tfgan()\n"
    "assert 'tensorflow_gan.python.losses' not in sys.modules\n"
    "tfgan.losses.wargs.wasserstein_generator_loss\n"
    "assert 'tensorflow_gan.python.estimator' not in sys.modules\n"
    "import tensorflow_gan\n"
    "assert tensorflow_gan is tfgan\n"
    "assert not hasattr(tfgan, 'nothing')\n"
  )
  subprocess.run(
    [sys.executable, "-c", code], check=True, env=plain_shell.checkout()
  )


@pytest.mark.long
def test_fid_is_tfgans():
  real, fake = _sets()
  theirs = _eval().frechet_classifier_distance_from_activations(real, fake)
  assert fid.fid(real, fake)["fid"] == pytest.approx(float(theirs), rel=1e-4)


def test_kid_is_tfgans():
  real, fake = _sets()
  theirs = _eval().kernel_classifier_distance_and_std_from_activations(
    tf.constant(real), tf.constant(fake), max_block_size=20
  )
  ours = kid.kid_blocks(real, fake, max_block_size=20)
  assert ours["kid_blocks"] == pytest.approx(float(theirs[0]), rel=1e-4)
  assert ours["kid_blocks_std_error"] == pytest.approx(
    float(theirs[1]), rel=1e-3
  )


def test_inception_score_is_tfgans():
  logits = 3 * _sets()[0]
  theirs = float(_eval().classifier_score_from_logits(logits))
  ours = inception_score.inception_score(logits)["inception_score"]
  assert ours == pytest.approx(theirs, rel=1e-5)


def test_inceptions_address_is_tfgans():
  assert inception_network.HUB == _eval().INCEPTION_TFHUB
  assert inception_network.PIXELS == _eval().INCEPTION_DEFAULT_IMAGE_SIZE
