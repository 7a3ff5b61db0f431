"""When fakes are made, and how gradients go back through them.

As in the original, G's update goes through the fakes of D's last update. With
`ModularGAN.experimental_force_graph_unroll` all fakes are made before D's first
update, G's among them. Further G updates have new fakes, of the same z.

If a batch is cut into parts (`options.micro_batches`), G's activations are not
kept: its update makes the fakes again, part by part, from the same state as the
first time.
"""

from collections.abc import Iterator
import contextlib
import functools
from typing import Any
from typing import Callable
from typing import NamedTuple
from typing import Optional

from compare_gan.gans import micro_batches
from compare_gan.gans.batches import Batch
from compare_gan.gans.options import Options
import tensorflow as tf


class Pass(NamedTuple):
  """A pass of G over a batch, and of the encoder where there is one."""

  batch: Batch
  number: int  # determines the encoder's noise
  moves: bool  # whether it moves the encoder's state


class Made(NamedTuple):
  """What a pass makes from a batch of N."""

  images: tf.Tensor  # G(z), [N, H, W, C]
  codes: Optional[tf.Tensor] = None  # E(x), [N, z_dim], of a GAN with encoder
  seed: Optional[list] = None  # two integers, for D's dropout in BigBiGAN

  def without_gradient(self) -> "Made":
    return Made(*(x if x is None else tf.stop_gradient(x) for x in self))


class Fakes(NamedTuple):
  """What a pass has made, and how to find the gradient of G."""

  made: Made
  tape: Optional[tf.GradientTape]  # has seen the pass; None: see `remake`
  state: list  # of G before the pass, if there is no tape
  remake: Callable  # remake(batch, rows) -> a tape and the Made it recorded

  def taped(
    self, batch: Batch, made: Made, rows: micro_batches.Rows
  ) -> tuple[tf.GradientTape, Made]:
    """Returns a tape that recorded how some rows were made, and these rows.

    Args:
      batch, made: rows of the batch and of `self.made`.
      rows: which.
    """
    if self.tape:
      return self.tape, made
    return self.remake(batch, rows)


class Maker:
  """Makes the fakes of a step.

  Args:
    make: `make(passes, rows)` -> a Made of each pass; the passes' batches are
      these rows of the whole batches.
    side: G's update.Side. Gradients are for its weights; passes move its state.
    options: the Options of the training.
    tensors: the number of tensors of a Made, 2 with an encoder.
    persistent: whether several gradients go back through one pass.
  """

  def __init__(
    self,
    make: Callable,
    side: Any,
    options: Options,
    tensors: int,
    persistent: bool = False,
  ) -> None:
    self._persistent = persistent
    self._make = make
    self._options = options
    self._parts = options.micro_batches
    self._weights, self._state = side.weights, side.state
    self._tensors = tensors

  def in_turn(
    self, d_batches: list[Batch], g_batch: Batch, unrolled: bool, anew: bool
  ) -> Iterator[Fakes]:
    """Yields the Fakes of each D update, then of each G update.

    Args:
      d_batches, g_batch: of the updates.
      unrolled: whether all are made before the first update, with G's own
        batch.
      anew: whether fakes are made separately for each update.
    """
    gen_iters = self._options.gen_iters
    d_passes, g_pass = passes(
      d_batches, g_batch, unrolled, self._options.d_batches == "same"
    )
    if anew:
      for one in (*d_passes, *[g_pass] * gen_iters):
        yield from self._generate([one])
      return
    if unrolled:
      yield from self._generate([*d_passes, g_pass])
    else:
      for one in d_passes:
        [fakes] = self._generate([one])
        yield fakes
      yield fakes
    for _ in range(1, gen_iters):
      yield from self._generate([g_pass._replace(moves=False)])

  def _generate(self, passes):
    """Returns the Fakes of all passes; G's gradient can go through the last.

    All come from the same power iteration; the moving averages of G see each
    batch in turn.
    """
    tape = None
    if self._parts == 1:
      tape = watching(self._weights, self._persistent)
    before = [] if tape else micro_batches.read(self._state)

    def part(rows: micro_batches.Rows) -> tuple[list, list]:
      *first, last = [one._replace(batch=rows.of(one.batch)) for one in passes]
      made = self._make(first, rows)
      with tape or contextlib.nullcontext():
        made += self._make([last], rows)
      return [], [x for one in made for x in one if x is not None]

    count = self._tensors
    _, flat = micro_batches.run(
      part,
      self._parts,
      [],
      count * len(passes),
      micro_batches.whole,
      self._state,
    )
    made = [Made(*flat[i : i + count]) for i in range(0, len(flat), count)]
    return [
      Fakes(one, tape, before, functools.partial(self._remake, source))
      for one, source in zip(made, passes)
    ]

  def _remake(self, source, batch, rows):
    with watching(self._weights, self._persistent) as tape:
      [made] = self._make([source._replace(batch=batch, moves=False)], rows)
    return tape, made


def passes(
  d_batches: list[Batch], g_batch: Batch, unrolled: bool, same_images: bool
) -> tuple[list[Pass], Pass]:
  """Returns the passes of the D updates, and that of G's first one.

  Of several passes over the same images only the last moves the encoder.

  Args:
    d_batches, g_batch: of the updates.
    unrolled: whether G has its own batch. Otherwise its pass is D's last one.
    same_images: whether all D updates have the same ones.
  """
  last = len(d_batches) - 1
  d_passes = [
    Pass(batch, i, not same_images or i == last)
    for i, batch in enumerate(d_batches)
  ]
  return d_passes, Pass(g_batch, last + int(unrolled), True)


def watching(
  weights: list[tf.Variable], persistent: bool = False
) -> tf.GradientTape:
  """Returns a tape that watches `weights` and nothing else."""
  tape = tf.GradientTape(persistent, watch_accessed_variables=False)
  with tape:
    tape.watch(weights)
  return tape
