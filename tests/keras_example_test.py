"""The example of docs/keras.md runs as it stands there, but for its length."""

import pathlib
import re

import numpy as np
import pytest

pytestmark = pytest.mark.versions("Keras 2 and 3 differ")

_PAGE = pathlib.Path(__file__).parent.parent / "docs" / "keras.md"
_SMALLER = {
  '["biggan_shapes32.gin"]': '["biggan_shapes32.gin"], ["options.disc_iters = '
  '2", "resnet_biggan.Generator.ch = 2", "resnet_biggan.Discriminator.ch = 2"]',
  "catalogue.dataset()": "catalogue.dataset(fake=True)",
  "batch_size=32": "batch_size=4",
  "steps_per_epoch=100": "steps_per_epoch=3",
}


@pytest.mark.long
@pytest.mark.between
def test_fit_trains_by_the_example():
  [example] = re.findall(r"```python\n(.*?)```", _PAGE.read_text(), re.DOTALL)
  for text, smaller in _SMALLER.items():
    assert text in example
    example = example.replace(text, smaller)
  made = {}
  exec(compile(example, str(_PAGE), "exec"), made)
  gan = made["gan"].gan
  assert int(gan.global_step) == 6 and int(gan.global_step_disc) == 12
  losses = made["history"].history["loss/g"]
  assert len(losses) == 2 and np.isfinite(losses).all()
  assert made["images"].shape == (64, 32, 32, 3)
