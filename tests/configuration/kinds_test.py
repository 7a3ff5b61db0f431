"""What can be chosen: each kind has its names, with a line and a file."""

import os
import pathlib

from compare_gan.configuration import gin_files
from compare_gan.configuration import kinds
import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[2]

_KINDS = kinds.kinds()

# Of each kind one that is there, and one of another kind that must not be.
_MEMBERS = {
  "architectures": ("resnet_cifar_arch", "abstract_arch"),
  "bundles": ("shapes16-sndcgan", "shipped"),
  "cards": ("biggan_cifar.gin", "regularization_mini.gin"),
  "datasets": ("shapes32", "classifier"),
  "devices": ("cpu", "replicated"),
  "executors": ("slurm", "conductor"),
  "exports": ("onnx", "signatures"),
  "features": ("@classifier", "@fid"),
  "gans": ("@BigBiGAN", "@z"),
  "heads": ("@ac_head", "@class_head"),
  "kernels": ("@weight_standardization", "@group_norm"),
  "hooks": ("Summaries", "Hook"),
  "looks": ("directions", "views"),
  "losses": ("@hinge", "@loss"),
  "metrics": ("@kid", "@bootstrap"),
  "norms": ("@conditional_batch_norm", "@spectral_norm"),
  "optimizers": ("@tf.train.AdamOptimizer", "@tf.train.exponential_decay"),
  "penalties": ("@wgangp_penalty", "@penalty"),
  "presets": ("regularisers/bcr.gin", "biggan_cifar.gin"),
  "report_sections": ("correlation", "statistics"),
  "schedules": ("@tf.train.polynomial_decay", "@tf.train.AdamOptimizer"),
  "studies": ("regularization_mini.gin", "biggan_cifar.gin"),
  "trackers": ("@mlflow_tracker", "TensorBoard"),
  "watchdogs": ("@saturation", "@watchdog"),
}


def _names(kind):
  return [entry.name for entry in _KINDS[kind].entries()]


def test_every_kind_is_tested():
  assert set(_MEMBERS) | {"yours"} == set(_KINDS)


@pytest.mark.parametrize("kind", _MEMBERS)
def test_names_are_those_of_the_kind(kind):
  names = _names(kind)
  inside, outside = _MEMBERS[kind]
  assert inside in names
  assert outside not in names
  assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", _MEMBERS)
def test_each_has_a_line_and_a_file(kind):
  for name, about, source in _KINDS[kind].entries():
    # gin forgets no name of another test.
    if not source.startswith(("compare_gan", "configs")):
      continue
    assert about and "\n" not in about, name
    assert about[:9] != "See above", name
    assert (_ROOT / source).is_file(), name


def test_no_penalty_is_a_choice_too():
  assert "@no_penalty" in _names("penalties")


def test_a_metric_is_said_by_its_formulas_file():
  [fid] = [e for e in _KINDS["metrics"].entries() if e.name == "@fid"]
  assert "distance" in fid.about
  assert fid.source == os.path.join("compare_gan", "metrics", "fid.py")


def test_optimizers_of_all_files_are_there():
  names = _names("optimizers")
  assert len(names) == 11 and "@tf.train.FtrlOptimizer" in names


def test_a_file_of_ones_own_is_seen(tmp_path, monkeypatch):
  path = tmp_path / "my_own_loss.py"
  path.write_text(
    "import gin\n\n\n@gin.configurable\ndef steep(real, fake):\n"
    '  """Steeper than hinge."""\n'
  )
  monkeypatch.syspath_prepend(tmp_path)
  __import__("my_own_loss")
  # gin forgets no name: those of other tests may be there, too.
  expected = kinds.Entry("@steep", "Steeper than hinge.", str(path))
  assert expected in _KINDS["yours"].entries()


def test_a_preset_has_the_name_that_finds_it():
  for name, _, source in _KINDS["presets"].entries():
    assert os.path.samefile(gin_files.find(name), _ROOT / source)
