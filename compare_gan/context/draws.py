"""Random draws as functions of (seed, call, row), under TF1's names.

Inside `with seeded(seed, first):` the k-th call draws row i of its result from
(seed, k, first + i) alone, where `first` is the position of this replica's row
0 in the global batch. So a batch of 64 on one replica holds the same noise as 2
x 32 on two, and a run that resumes from a checkpoint continues with the noise
it would have had: only the step, from which the seed is made, is stored.

  with draws.seeded([run_seed, step], first=replica_id * n):
    z = draws.normal([n, z_dim])
    noise = draws.uniform([n, 32, 32, 3])

Enter it inside the replica's function: each replica runs in its own thread.
Outside the block every call, and every run of a traced call, draws afresh from
TensorFlow's own generator. For a device that has no ops for this, the same
numbers are drawn elsewhere: see `recorded` and `fed`.

How: Philox (Salmon et al., 2011) is a block cipher in counter mode. The key
comes from the seed, the counter is (block, call), and every row starts at its
own block. The bits are the same on every device and version of TensorFlow,
under XLA too; what is computed from them agrees to rounding.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import math
import threading
from typing import Any
from typing import Optional
from typing import Union

import tensorflow as tf

_PHILOX = 1  # tf.random.Algorithm.PHILOX
_WORDS = 4  # of 32 bits in a block of Philox

# Rows are drawn in multiples of this many words, the size of the widest
# registers: a CPU computes the end of an array with other instructions than the
# rest, so a logarithm would depend on its number's position.
_REGISTER = 16


class _Stream:
  """A seed, the first row, and how many calls there have been."""

  def __init__(self, seed: Any, first: Union[int, tf.Tensor]) -> None:
    self.seed = tf.cast(seed, tf.int64)
    self.first = first
    self.calls = 0


class _Current(threading.local):
  def __init__(self) -> None:
    self.stream: Optional[_Stream] = None
    self.noted: Optional[list[tf.Tensor]] = None
    self.fed: Optional[list[tf.Tensor]] = None
    self.part: Optional[tuple[Union[int, tf.Tensor], int]] = None


_current = _Current()


@contextlib.contextmanager
def seeded(seed: Any, first: Union[int, tf.Tensor] = 0) -> Iterator[None]:
  """Makes draws inside depend on seed, call and row alone.

  Args:
    seed: two integers, a list, an array or a tensor.
    first: the position of row 0 in the global batch, an int or a tensor.
  """
  outer = _current.stream
  _current.stream = _Stream(seed, first)
  try:
    yield
  finally:
    _current.stream = outer


@contextlib.contextmanager
def recorded() -> Iterator[list[tf.Tensor]]:
  """Lists the tensors that are drawn inside."""
  outer = _current.noted
  noted: list[tf.Tensor] = []
  _current.noted = noted
  try:
    yield noted
  finally:
    _current.noted = outer


@contextlib.contextmanager
def fed(values: Sequence[tf.Tensor]) -> Iterator[None]:
  """Makes draws inside return these values, in order, and draws nothing.

  For a device that cannot draw: the values that `recorded` lists for the same
  code are drawn elsewhere and reach the device with its data.

  Args:
    values: one tensor for each draw.
  """
  outer = _current.fed
  _current.fed = left = list(values)
  try:
    yield
  finally:
    _current.fed = outer
  if left:
    raise ValueError(
      f"{len(left)} of {len(values)} draws that were prepared for the step "
      "were not used: the step draws something other than when it was "
      "recorded."
    )


@contextlib.contextmanager
def of_part(index: Union[int, tf.Tensor], parts: int) -> Iterator[None]:
  """Makes draws inside those of some rows of a batch: every `parts`-th.

  So a network that draws by itself draws for part of a batch what it would for
  the whole one. A draw of N rows takes N * parts rows and keeps these.

  Args:
    index: of the first row.
    parts: how many parts the batch has.
  """
  outer = _current.part
  _current.part = (index, parts) if parts > 1 else None
  try:
    yield
  finally:
    _current.part = outer


def are_planned() -> bool:
  """Returns whether a step's draws are recorded, or fed from elsewhere."""
  return _current.noted is not None or _current.fed is not None


def uniform(
  shape: Union[Sequence, tf.Tensor],
  minval: Union[float, tf.Tensor] = 0,
  maxval: Optional[Union[float, tf.Tensor]] = None,
  dtype: tf.DType = tf.float32,
  seed: Optional[int] = None,
  name: Optional[str] = None,
) -> tf.Tensor:
  """Returns draws from U(minval, maxval), ends excluded.

  Args:
    shape: of the result, a list or a tensor. A scalar is the same on every
      replica.
    minval: lower end of the interval.
    maxval: upper end, 1 by default. It must be given for integers, which come
      from [minval, maxval).
    dtype: float32, int32 or any other; 23 and 31 bits of it are random.
    seed: a number that distinguishes this call from others with the same (seed,
      call).
    name: not used.
  """
  dtype = tf.as_dtype(dtype)
  if not dtype.is_integer:
    maxval = 1.0 if maxval is None else maxval
    u = tf.cast(_draw(shape, seed, _unit), dtype)
    return minval + u * (maxval - tf.cast(minval, dtype))
  if maxval is None:
    raise ValueError(
      f"uniform got dtype = {dtype.name} without maxval. Set maxval to the "
      "number of values, such as 10."
    )
  k = _draw(shape, seed, lambda bits: tf.bitwise.bitwise_and(bits, 0x7FFFFFFF))
  span = tf.cast(maxval, tf.int32) - tf.cast(minval, tf.int32)
  return tf.cast(minval, dtype) + tf.cast(k % span, dtype)


def normal(
  shape: Union[Sequence, tf.Tensor],
  mean: Union[float, tf.Tensor] = 0.0,
  stddev: Union[float, tf.Tensor] = 1.0,
  dtype: tf.DType = tf.float32,
  seed: Optional[int] = None,
  name: Optional[str] = None,
) -> tf.Tensor:
  """Returns draws from N(mean, stddev^2), of up to 5.3 stddev.

  Args:
    mean, stddev: of the distribution.
    shape, dtype, seed, name: as for uniform.
  """
  x = _draw(shape, seed, lambda bits: _probit(_unit(bits)))
  return mean + stddev * tf.cast(x, dtype)


def truncated_normal(
  shape: Union[Sequence, tf.Tensor],
  mean: Union[float, tf.Tensor] = 0.0,
  stddev: Union[float, tf.Tensor] = 1.0,
  dtype: tf.DType = tf.float32,
  seed: Optional[int] = None,
  name: Optional[str] = None,
  truncation: float = 2.0,
) -> tf.Tensor:
  """Returns draws from N(mean, stddev^2) cut at `truncation` deviations.

  TensorFlow's always cuts at 2.

  Args:
    mean, stddev: of the normal distribution before it is cut.
    shape, dtype, seed, name: as for uniform.
    truncation: half of the width, in standard deviations, above 0.
  """
  if not truncation > 0:
    raise ValueError(
      f"truncation = {truncation}, but it must be a number of standard "
      "deviations above 0, such as 2.0. z.truncation and eval_z.truncation "
      "set that of latents; @tf.random.normal is not truncated."
    )
  p = math.erf(truncation / math.sqrt(2.0))  # P(|x| < truncation)
  x = _draw(shape, seed, lambda bits: _probit(0.5 + p * (_unit(bits) - 0.5)))
  return mean + stddev * tf.cast(x, dtype)


def gamma(
  shape: Union[Sequence, tf.Tensor],
  alpha: Any,
  beta: Any = None,
  dtype: tf.DType = tf.float32,
  seed: Optional[int] = None,
  name: Optional[str] = None,
) -> tf.Tensor:
  """Returns draws with density ~ x^(alpha - 1) exp(-beta x).

  The shape is `shape` + that of alpha and beta, as in TF1. Uses rejection
  (Marsaglia & Tsang, 2000) with 16 candidates at once: each is accepted with p
  > 0.95.

  Args:
    shape: of the result, before the shape of the parameters.
    alpha, beta: shape parameter, above 0, and rate, which is 1 if it is None;
      numbers or arrays.
    dtype, seed, name: as for uniform.
  """
  alpha = tf.cast(alpha, tf.float32)
  beta = tf.cast(1.0 if beta is None else beta, tf.float32)
  alpha += tf.zeros_like(beta)
  shape = tf.concat([_shape(shape), tf.shape(alpha), [_REGISTER]], 0)
  x = normal(shape, seed=seed)
  a = alpha[..., None] + tf.zeros_like(x)
  log_u = _draw(shape, seed, _log_unit)
  # For alpha < 1: gamma(alpha) = gamma(alpha + 1) u^(1 / alpha).
  boost = tf.where(a < 1.0, tf.exp(_draw(shape, seed, _log_unit) / a), 1.0)
  d = tf.where(a < 1.0, a + 1.0, a) - 1.0 / 3.0
  v = tf.maximum(1.0 + x / tf.sqrt(9.0 * d), 0.0) ** 3
  good = log_u < 0.5 * x**2 + d * (1.0 - v + tf.math.log(v))
  first_good = tf.argmax(tf.cast(good, tf.int32), axis=-1)
  result = tf.gather(d * v * boost, first_good, batch_dims=x.shape.rank - 1)
  return tf.cast(result / beta, dtype)


def poisson(
  lam: Any,
  shape: Union[Sequence, tf.Tensor],
  dtype: tf.DType = tf.float32,
  seed: Optional[int] = None,
  name: Optional[str] = None,
) -> tf.Tensor:
  """Returns numbers of events, lam < 2^22 on average.

  The shape is `shape` + that of lam; the order of arguments is TF1's. A draw is
  the smallest k with P(N <= k) = Q(k + 1, lam) > u, found by bisection.

  Args:
    lam, shape: expected numbers of events, and the shape before theirs.
    dtype, seed, name: as for uniform.
  """
  lam = tf.cast(lam, tf.float32)
  u = _draw(tf.concat([_shape(shape), tf.shape(lam)], 0), seed, _unit)

  def halve(below: tf.Tensor, above: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    k = tf.floor(0.5 * (below + above))
    enough = tf.math.igammac(k + 1.0, lam) > u
    return tf.where(enough, below, k), tf.where(enough, k, above)

  _, above = tf.while_loop(
    lambda below, above: tf.reduce_any(above > below + 1.0),
    halve,
    (
      -tf.ones_like(u),
      tf.zeros_like(u) + tf.floor(lam + 8.0 * tf.sqrt(lam)) + 32.0,
    ),
  )
  return tf.cast(above, dtype)


def multinomial(
  logits: Any,
  num_samples: int,
  seed: Optional[int] = None,
  name: Optional[str] = None,
  output_dtype: Optional[tf.DType] = None,
) -> tf.Tensor:
  """Returns classes [N, num_samples] drawn with log-odds `logits` [N, K].

  Such a draw is argmax(logits + Gumbel noise).

  Args:
    logits, num_samples: log-odds of the classes, and draws from each row.
    seed, name: as for uniform.
    output_dtype: of the classes. None: int64.
  """
  logits = tf.convert_to_tensor(logits)
  n, k = tf.unstack(tf.shape(logits))
  gumbel = -_draw(
    [n, num_samples, k], seed, lambda bits: tf.math.log(-_log_unit(bits))
  )
  scores = tf.cast(logits, tf.float32)[:, None, :] + gumbel
  return tf.argmax(scores, axis=-1, output_type=output_dtype or tf.int64)


def _draw(shape, seed, transform):
  """Returns transform(bits), an elementwise function of random int32."""
  shape = _shape(shape)
  if _current.fed is not None:
    return _next_fed(shape)
  drawn = _drawn(shape, seed, transform)
  if _current.noted is not None:
    _current.noted.append(drawn)
  return drawn


def _drawn(shape, seed, transform):
  if _current.part and shape.shape[0]:
    index, parts = _current.part
    with of_part(0, 1):
      whole = tf.concat([shape[:1] * parts, shape[1:]], axis=0)
      drawn = _drawn(whole, seed, transform)
    by_part = tf.concat([shape[:1], [parts], shape[1:]], axis=0)
    return tf.reshape(tf.reshape(drawn, by_part)[:, index], shape)
  stream = _current.stream or _Stream(_fresh_seed(), 0)
  call, stream.calls = stream.calls, stream.calls + 1
  if shape.shape[0] == 0:
    n, first, size = 1, 0, 1
  else:
    n, first, size = shape[0], stream.first, tf.reduce_prod(shape[1:])
  width = -(-size // _REGISTER) * _REGISTER
  block = tf.cast(first, tf.int64) * tf.cast(width // _WORDS, tf.int64)
  key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=stream.seed)
  call = tf.constant(call + ((seed or 0) % 2**32 << 32), tf.uint64)
  call = tf.bitwise.bitwise_xor(counter[1], call)
  bits = tf.raw_ops.StatelessRandomUniformFullIntV2(
    shape=[n, width],
    key=key,
    counter=[tf.cast(block, tf.uint64), call],
    alg=_PHILOX,
    dtype=tf.int32,
  )
  return tf.reshape(transform(bits)[:, :size], shape)


def _next_fed(shape):
  if not _current.fed:
    raise ValueError(
      "A draw was not prepared: the step draws something other than when it "
      "was recorded."
    )
  value = _current.fed.pop(0)
  # The shape may be a tensor: this op only serves to infer its value.
  asked = tf.fill(shape, False).shape.as_list()
  if asked != value.shape.as_list():
    raise ValueError(
      f"A draw of shape {asked} was requested, but one of shape "
      f"{value.shape.as_list()} was prepared: the step draws something other "
      "than when it was recorded."
    )
  return value


def _unit(bits):
  """Returns float32 numbers in (0, 1): (k + 1/2) / 2^23."""
  k = tf.bitwise.right_shift(bits, 9)  # keeps the sign
  k = tf.bitwise.bitwise_and(k, 0x7FFFFF)
  return (tf.cast(k, tf.float32) + 0.5) * 2.0**-23


def _log_unit(bits):
  return tf.math.log(_unit(bits))


def _probit(u):
  """Returns the x with P(N(0, 1) < x) = u."""
  return 1.4142135623730951 * tf.math.erfinv(2.0 * u - 1.0)


def _shape(shape):
  return tf.cast(shape, tf.int32)


def _fresh_seed():
  # An op, so that a traced function draws a new one in every run.
  return tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
