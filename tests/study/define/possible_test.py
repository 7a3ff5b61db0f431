"""Cells that cannot be built are found before anything trains."""

from compare_gan.study.define import plan

from tests.study import small

_SNDCGAN = small.BASE.replace(
  "tests.architectures.own_architecture", "sndcgan_arch"
).replace("ring8", "shapes32")


def test_layer_norm_in_sndcgan_is_impossible(load):
  study = load("study.slices = [{'penalty': 'none'}]", base=_SNDCGAN)
  found = plan.impossible_cells(study)
  assert list(found) == ["penalty=none norm=ln"]
  [reason] = found.values()
  assert reason.startswith(
    "sndcgan.Discriminator does not support D.layer_norm"
  )
  assert "In call to" not in reason


def test_flags_of_the_trainings_count(load):
  base = small.BASE.replace('dataset.name = "ring8"', "")
  flags = ["--gin_bindings", "dataset.name = 'ring8'"]
  assert len(plan.impossible_cells(load(base=base))) == 9
  found = plan.impossible_cells(load(f"study.flags = {flags}", base=base))
  assert {title.split()[-1] for title in found} == {"norm=ln"}


_DEAF = """
from compare_gan.architectures import abstract_arch
from tests.architectures import own_architecture

Generator = own_architecture.Generator


class Discriminator(own_architecture.Discriminator):
  no_place_for = {}

  def __init__(self, image_shape, num_classes=0):
    super().__init__(image_shape, num_classes)
"""


def test_a_binding_that_an_architecture_passes_over_is_found(
  load, tmp_path, monkeypatch
):
  """Nobody says so: the variables are the same with it and without."""
  (tmp_path / "deaf.py").write_text(_DEAF)
  monkeypatch.syspath_prepend(str(tmp_path))
  base = small.BASE.replace("tests.architectures.own_architecture", "deaf")
  study = load("study.slices = [{'penalty': 'none'}]", base=base)
  found = plan.impossible_cells(study)
  assert list(found) == ["penalty=none norm=ln"]
  assert (
    "D.layer_norm = True changes no variable" in found["penalty=none norm=ln"]
  )


def test_a_penalty_that_has_nothing_to_act_on_is_found(load):
  study = load("""
study.axes = {
  "penalty": {"l2": ["penalty.fn = @l2_penalty"]},
  "norm": {"none": [], "wn": ["D.weight_norm = True"]},
}
""")
  found = plan.impossible_cells(study)
  assert list(found) == ["penalty=l2 norm=wn"]
  assert "kernels" in found["penalty=l2 norm=wn"]


def test_a_wrong_option_is_found(load):
  study = load("""
study.axes = {"batch": {"0": ["options.batch_size = 0"], "2": []}}
""")
  assert list(plan.impossible_cells(study)) == ["batch=0"]


def test_layer_norm_in_a_resnet_is_possible(load):
  base = _SNDCGAN.replace("sndcgan_arch", "resnet_cifar_arch")
  assert (
    plan.impossible_cells(load("study.slices = [{'norm': 'ln'}]", base=base))
    == {}
  )
