"""Latents with codes: z = (categories, continuous codes, noise).

For InfoGAN, which learns what each code stands for:

  z.distribution_fn = @latent_codes
  latent_codes.categorical = [10]
  latent_codes.continuous = 2
  options.z_dim = 74                # 10 + 2 codes and 62 of noise

`eval_z` draws as `z` does unless it is bound, so samples have codes, too.
"""

from collections.abc import Sequence
from typing import Annotated
from typing import Any
from typing import NamedTuple
from typing import Union

from compare_gan.configuration import accepted
from compare_gan.context import draws
from compare_gan.gans import latents
import gin
import tensorflow as tf

_NOISE = {
  "uniform": lambda shape: draws.uniform(shape, -1.0, 1.0),
  "normal": draws.normal,
}


@gin.configurable("latent_codes", module="compare_gan.gans", denylist=["shape"])
def latent_codes(
  shape: Sequence[Any],
  categorical: Sequence[int] = (10,),
  continuous: int = 2,
  noise: Annotated[str, accepted.OneOf(*_NOISE)] = "uniform",
) -> tf.Tensor:
  """Returns latents [N, z_dim] that begin with codes.

  Args:
    shape: of the result.
    categorical: numbers of categories. Each code is uniform, and one-hot in as
      many columns.
    continuous: how many codes from U(-1, 1) follow, one column each.
    noise: what fills the other columns: "uniform", U(-1, 1), or "normal",
      N(0, 1).
  """
  codes = Codes(tuple(categorical), continuous)
  codes.check(shape[1])
  if noise not in _NOISE:
    raise ValueError(
      f"latent_codes.noise = {noise!r}. It must be 'uniform' or 'normal'."
    )
  n = shape[0]
  columns = [
    tf.one_hot(draws.uniform([n], 0, count, dtype=tf.int32), count)
    for count in categorical
  ]
  if continuous:
    columns.append(draws.uniform([n, continuous], -1.0, 1.0))
  columns.append(_NOISE[noise]([n, shape[1] - codes.size]))
  return tf.concat(columns, axis=1)


class Codes(NamedTuple):
  """Which columns of z are codes.

  Args:
    categorical: numbers of categories.
    continuous: how many codes from U(-1, 1) there are.
  """

  categorical: tuple[int, ...]
  continuous: int

  @property
  def size(self) -> int:
    """Returns how many columns they fill."""
    return sum(self.categorical) + self.continuous

  def check(self, z_dim: Union[int, tf.Tensor]) -> None:
    """Raises unless z_dim columns hold them and some noise."""
    for name, value, least in (
      *(("categorical", count, 2) for count in self.categorical),
      ("continuous", self.continuous, 0),
    ):
      if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
          f"latent_codes.{name} has {value!r}. It must be an int of {least} or "
          "more."
        )
    if not self.size:
      raise ValueError(
        "latent_codes.categorical is empty and latent_codes.continuous is 0: "
        "there must be a code."
      )
    width = tf.get_static_value(z_dim)
    if width is not None and width <= self.size:
      raise ValueError(
        f"options.z_dim = {width}, but the {self.size} columns of latent_codes "
        "leave no noise then. It must be larger."
      )

  def of(self, z: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Returns ([one-hot [N, K] of each category], [N, continuous]) of z."""
    *categories, numbers, _ = tf.split(
      z, [*self.categorical, self.continuous, -1], axis=1
    )
    return categories, numbers


def bound_codes(name: str = "z") -> Union[Codes, None]:
  """Returns the Codes that `z` or `eval_z` draws, None if it draws others."""
  values = latents.values_drawn_from(name, latent_codes)
  if values is None:
    return None
  return Codes(tuple(values["categorical"]), values["continuous"])


def require_none(what: str, instead: str) -> None:
  """Raises if `eval_z` draws codes.

  Args:
    what: draws the columns of z alike, and so cannot draw codes.
    instead: what the user can do.
  """
  if bound_codes("eval_z"):
    raise ValueError(
      f"{what} draws every column of z in one way, but z has codes: "
      f"{latents.eval_z_in_words()}. {instead}"
    )
