"""Wrong configurations are found, all at once; right ones raise no alarm."""

import json
import pathlib
import re

from compare_gan import __main__ as program
from compare_gan.checks import bindings
from compare_gan.checks import check
from compare_gan.checks import findings
from compare_gan.checks import study_check
from compare_gan.configuration import gin_files
from compare_gan.console import messages
import gin
import pytest

from tests import own_package
from tests.checks import wrong_configurations
from tests.configuration import gin_files_test
from tests.datasets import pictures

pytestmark = pytest.mark.versions("annotations are read, and TensorFlow's too")

_FOLDER = pathlib.Path(__file__).parents[2] / "configs"


def _lines(text):
  return [line.strip() for line in text.split(";") if line.strip()]


# ---- Wrong ones --------------------------------------------------------------


def test_the_table_is_long():
  assert len({wrong.lines for wrong in wrong_configurations.ALL}) >= 120


def _cases():
  """Yields the table; networks with labels are traced, for a second."""
  for wrong in wrong_configurations.ALL:
    text = ";".join([*wrong.base, wrong.lines])
    is_long = wrong.gan and "ModularGAN.conditional = True" in text
    yield pytest.param(
      wrong,
      marks=[pytest.mark.long] if is_long else [],
      id=wrong.lines or wrong.words[0],
    )


@pytest.mark.parametrize("wrong", _cases())
def test_a_mistake_is_found(wrong):
  gin_files.register()
  read = bindings.read()
  bindings.add_lines(read, wrong.base, "base.gin")
  bindings.add_lines(read, _lines(wrong.lines), "mine.gin")
  found = check.find_in(read, gan=wrong.gan)
  said = [
    one
    for one in found
    if one.severity == wrong.severity
    and all(word in str(one) for word in wrong.words)
  ]
  assert said, findings.to_text(found)
  if wrong.severity == "error":
    # Nothing else is wrong: no error follows from another one.
    assert len(findings.errors(found)) == 1, findings.to_text(found)


def test_all_mistakes_are_found_at_once():
  found = check.find(
    lines=[
      *wrong_configurations.BASE[1:],
      "optionz.batch_size = 8",
      "D.spectral_norm = 'yes'",
      "ModularGAN.g_lr = -1.0",
      "penalty.fn = @hinge",
      "lr = 0.1",
    ]
  )
  codes = {one.code for one in found}
  assert codes == {
    "missing",
    "unknown-name",
    "type",
    "range",
    "role",
    "unread",
  }


def test_a_finding_says_file_and_line(tmp_path):
  card = tmp_path / "card.gin"
  card.write_text(
    "\n".join([*wrong_configurations.BASE, "", "D.layer_norm = 'no'"])
  )
  [found] = findings.errors(check.find([str(card)]))
  assert str(found) == (
    f"{card}:10: error: D.layer_norm = 'no'. It must be True or False."
  )


def test_an_included_file_is_checked_with_its_own_lines(tmp_path):
  base = tmp_path / "base.gin"
  base.write_text("\n".join([*wrong_configurations.BASE, "options.zz = 1"]))
  card = tmp_path / "card.gin"
  card.write_text(f"include {str(base)!r}\n")
  [found] = findings.errors(check.find([str(card)]))
  assert found.place == (str(base), 9)


def test_a_card_may_be_included_by_its_name(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  (tmp_path / "mine.gin").write_text(
    "include 'dcgan_shapes32.gin'\nsndcgan.Generator.ch = 3\n"
  )
  [found] = check.find(["mine.gin"])
  assert found.place == ("mine.gin", 2) and "sndcgan" in found.message


def test_an_included_file_in_another_encoding_is_found(tmp_path):
  inner, outer = tmp_path / "inner.gin", tmp_path / "outer.gin"
  inner.write_bytes("# gr\xfc\xdfe".encode("latin-1"))
  outer.write_text(f"include '{inner}'\n")
  [found] = [one for one in check.find([str(outer)]) if one.code == "file"]
  assert re.search(r"outer.gin:1: error: .*inner.gin is not UTF-8", str(found))


def test_a_loss_of_ones_own_is_taken_to_be_called(tmp_path, monkeypatch):
  """Only a step calls it, and what it calls: nothing says that yet."""
  (tmp_path / "loss_of_mine.py").write_text(
    "import gin\n"
    "@gin.configurable\n"
    "def own_scale(by=1.0):\n"
    "  return by\n"
    "@gin.configurable\n"
    "def own_loss(d_real_logits, d_fake_logits, margin=1.0):\n"
    "  return own_scale() * margin\n"
    "@gin.configurable\n"
    "def own_other(x=1.0):\n"
    "  return x\n"
  )
  monkeypatch.syspath_prepend(tmp_path)
  (tmp_path / "mine.gin").write_text(
    "include 'dcgan_shapes32.gin'\n"
    "import loss_of_mine\n"
    "loss.fn = @own_loss\n"
    "own_loss.margin = 0.5\n"
    "own_scale.by = 2.0\n"
    "own_other.x = 2.0\n"
  )
  found = check.find([str(tmp_path / "mine.gin")], gan=True)
  own_package.forget("loss_of_mine")
  [one] = [each for each in found if each.severity == "warning"]
  assert one.name == "own_other.x"


def test_gin_keeps_its_own_bindings():
  gin_files.parse(bindings=["options.z_dim = 3"])
  before = gin.config_str()
  check.find(lines=wrong_configurations.BASE, gan=True)
  assert gin.config_str() == before


def test_what_a_later_file_overrides_is_only_a_note(tmp_path):
  card, preset = tmp_path / "card.gin", tmp_path / "preset.gin"
  card.write_text(
    "\n".join(
      [
        *wrong_configurations.BASE,
        "penalty.fn = @wgangp_penalty",
        "options.lamba = 10",
      ]
    )
  )
  preset.write_text("penalty.fn = @no_penalty\n")
  found = check.find([str(card), str(preset)])
  assert {one.severity for one in found} == {findings.NOTE}


# ---- Right ones --------------------------------------------------------------


def _alarms(found):
  return findings.to_text(
    [one for one in found if one.severity != findings.NOTE]
  )


_CARDS = sorted(_FOLDER.glob("*.gin"))
_PRESETS = sorted((_FOLDER / "regularisers").glob("*.gin"))
_STUDIES = sorted((_FOLDER / "studies").glob("*.gin"))


def _own_images(path, folder):
  if 'dataset.name = "folder"' not in path.read_text():
    return []
  files = pictures.write_tree(folder / "images", pictures.tree(10))
  return [f"folder.path = {str(files)!r}"]


@pytest.mark.parametrize("path", _CARDS, ids=[p.stem for p in _CARDS])
def test_a_card_raises_no_alarm(path, tmp_path):
  lines = _own_images(path, tmp_path)
  assert _alarms(check.find([str(path)], lines)) == ""


@pytest.mark.parametrize("path", _PRESETS, ids=[p.stem for p in _PRESETS])
def test_a_preset_raises_no_alarm(path):
  named = re.search(r"--gin_config=(\w+\.gin)", path.read_text())
  card = named[1] if named else "dcgan_shapes32.gin"
  assert _alarms(check.find([card, str(path)])) == ""


@pytest.mark.long
@pytest.mark.parametrize("path", _STUDIES, ids=[p.stem for p in _STUDIES])
def test_a_study_raises_no_alarm(path):
  assert _alarms(study_check.find(str(path))) == ""


def test_an_old_file_raises_no_alarm(tmp_path):
  path = tmp_path / "old.gin"
  path.write_text(gin_files_test._OLD)
  assert _alarms(check.find([str(path)])) == ""


@pytest.mark.parametrize("name", ["sndcgan_shapes16", "dcgan_shapes32"])
def test_a_card_raises_no_alarm_when_its_gan_is_made(name):
  assert _alarms(check.find([f"{name}.gin"], gan=True)) == ""


def test_an_operative_config_raises_no_alarm(tmp_path):
  """What a training wrote can be checked, and trained again."""
  path = _FOLDER.parent / "tests/golden/ckpt_biggan32/operative_config-0.gin"
  assert not findings.errors(check.find([str(path)]))


# ---- Studies -----------------------------------------------------------------


def _study(folder, axis):
  base = folder / "base.gin"
  base.write_text("\n".join(wrong_configurations.BASE))
  study = folder / "study.gin"
  study.write_text(
    "study.base = 'base.gin'\n"
    f"study.axes = {{'a': {{'none': [], 'one': [{axis!r}]}}}}\n"
    "study.score = 'fid_random_filters'\n"
  )
  return str(study)


@pytest.mark.parametrize(
  "axis", ["options.lr = 1.0", "D.spectral_norm = 'yes'", "loss.fn = @r1"]
)
def test_a_value_of_an_axis_is_checked(axis, tmp_path):
  [found] = findings.errors(study_check.find(_study(tmp_path, axis)))
  assert found.place == ("study.axes: a = 'one'", 1)


def test_a_cell_is_checked_as_a_whole(tmp_path):
  study = _study(tmp_path, "evaluate.num_real = 20000")
  with pytest.raises(ValueError, match="10000 images"):
    study_check.require(study)


# ---- The commands ------------------------------------------------------------


@pytest.fixture(name="card")
def _card(tmp_path):
  path = tmp_path / "card.gin"
  lines = [*wrong_configurations.BASE, "dcgan.Generator.ch = 4"]
  path.write_text("\n".join(lines))
  return str(path)


def test_check_prints_and_passes_with_a_warning(card, capsys):
  assert program.main(["check", card]) == 0
  assert "warning: dcgan.Generator.ch = 4" in capsys.readouterr().out


def test_strict_makes_warnings_errors(card, capsys):
  with pytest.raises(SystemExit) as ended:
    program.main(["check", card, "--strict", "--json"])
  assert ended.value.code == 1
  [row] = json.loads(capsys.readouterr().out)
  assert (row["line"], row["severity"]) == (9, "error")


def test_what_require_has_printed_is_not_said_again(card, capsys, monkeypatch):
  monkeypatch.setattr(messages, "_shown", set())
  check.require([card], [])
  [warning] = check.find([card])
  assert warning.message in capsys.readouterr().err
  messages.show_warning(UserWarning(warning.message), UserWarning, card, 1)
  assert not capsys.readouterr().err


def test_require_raises_all_errors_and_prints_warnings(card, capsys):
  check.require([card], [])
  assert "dcgan.Generator.ch" in capsys.readouterr().err
  with pytest.raises(ValueError, match="dcgan.Generator.ch"):
    check.require([card], [], strict=True)
  with pytest.raises(ValueError, match="(?s)options.zz.*g_lr"):
    check.require([card], ["options.zz = 1", "ModularGAN.g_lr = -1"])
