"""The benchmark of regularisers times what it says it times."""

import json

import pytest

from benchmarks import regulariser_cost

_SMALL = [
  "--gin_config=sndcgan_shapes16.gin",
  "--gin_bindings=sndcgan.Generator.ch = 2",
  "--gin_bindings=sndcgan.Discriminator.ch = 2",
  "--gin_bindings=options.batch_size = 2",
  "--rounds=1",
]


@pytest.mark.long
def test_a_row_for_each_preset(capsys):
  regulariser_cost.main([*_SMALL, "l2", "group_norm", "layer_norm"])
  lines = capsys.readouterr().out.splitlines()
  l2, group_norm, layer_norm = json.loads(lines[-1])["presets"]
  assert l2["none_ms"] > 0 and l2["ms"] > 0 and l2["ratio"] > 0
  assert "D.batch_norm_fn" in group_norm["error"]
  assert "D.layer_norm" in layer_norm["error"]
  assert any(line.startswith("| `l2` | ") for line in lines)


def test_lazy_terms_act_at_each_step():
  text = "r1/term.weight = 10.0\nr1/term.interval = 16  # updates\n"
  assert regulariser_cost._every_step(text) == ["r1/term.interval = 1"]
