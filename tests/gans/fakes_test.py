"""When fakes are made, of which batch, and by which state of the encoder."""

from compare_gan.context import scope
from compare_gan.gans import fakes
from compare_gan.gans import optimizers
from compare_gan.gans import side
from compare_gan.gans.batches import Batch
import pytest
import tensorflow as tf

from tests.gans import tiny

pytestmark = pytest.mark.versions("tf.GradientTape sees the fakes being made")


def _batch(z):
  return Batch(tf.zeros([2, 1, 1, 1]), None, tf.fill([2, 1], z), None)


_A, _B, _C = (_batch(z) for z in (1.0, 2.0, 3.0))


def _moves(passes):
  return [one.moves for one in passes]


def test_the_encoder_moves_once_for_each_batch():
  of_d, _ = fakes.passes([_A, _A], _A, unrolled=False, same_images=True)
  assert _moves(of_d) == [False, True]
  of_d, _ = fakes.passes([_A, _B], _B, unrolled=False, same_images=False)
  assert _moves(of_d) == [True, True]


@pytest.mark.parametrize("unrolled,number", [(False, 1), (True, 2)])
def test_noise_of_gs_pass_is_that_of_ds_last_one_unless_it_has_its_own(
  unrolled, number
):
  of_d, of_g = fakes.passes([_A, _B], _C, unrolled, same_images=False)
  assert [one.number for one in of_d] == [0, 1]
  assert of_g.number == number


class _Generator(scope.Module):
  """Makes w z, and notes which z it was asked for."""

  def __init__(self):
    super().__init__()
    self.w = tf.Variable(2.0, name="w")
    self.asked = []
    optimizer_fn = optimizers.GradientDescentOptimizer
    self._side = side.Side("g", [self], optimizer_fn, 0.1)

  def _make(self, passes, rows):
    self.asked += [float(one.batch.z[0, 0]) for one in passes]
    return [fakes.Made(self.w * one.batch.z) for one in passes]

  def in_turn(self, batches=(_A, _B), unrolled=False, anew=False, **chosen):
    """Yields the fakes."""
    options = tiny.chosen_options(disc_iters=len(batches), **chosen)
    maker = fakes.Maker(self._make, self._side, options, tensors=1)
    of_g = _C if unrolled else batches[-1]
    return maker.in_turn(batches, of_g, unrolled, anew)

  def when(self, **chosen):
    """Returns the fakes, and how often G was asked when their turn came."""
    return [
      (float(x.made.images[0, 0]), len(self.asked))
      for x in self.in_turn(**chosen)
    ]


def test_each_update_of_d_has_its_fakes_made_when_its_turn_comes():
  g = _Generator()
  assert g.when() == [(2, 1), (4, 2), (4, 2)]  # G gets D's last ones.


def test_unrolled_all_are_made_before_the_first_update():
  assert _Generator().when(unrolled=True) == [(2, 3), (4, 3), (6, 3)]


def test_further_updates_of_g_have_new_fakes():
  g = _Generator()
  assert g.when(gen_iters=2) == [(2, 1), (4, 2), (4, 2), (4, 3)]


def test_anew_each_update_has_fakes_of_its_own():
  g = _Generator()
  assert g.when(anew=True, gen_iters=2) == [(2, 1), (4, 2), (4, 3), (4, 4)]


@pytest.mark.parametrize("parts", [1, 2])
def test_a_tape_finds_the_gradient_of_g(parts):
  g = _Generator()
  [of_d, _] = g.in_turn([_A], micro_batches=parts)
  assert bool(of_d.tape) == (parts == 1)  # In parts they are made again.
  tape, made = of_d.taped(_A, of_d.made, None)
  with tape:
    loss = tf.reduce_sum(made.images)
  assert float(tape.gradient(loss, g.w)) == 2.0  # The sum of z.


def test_without_gradient_nothing_reaches_g():
  w = tf.Variable(2.0)
  with tf.GradientTape() as tape:
    made = fakes.Made(w * _A.z).without_gradient()
    loss = tf.reduce_sum(made.images)
  assert tape.gradient(loss, w) is None and made.codes is None
