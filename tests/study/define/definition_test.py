"""What a study file says, and what it may not say."""

import dataclasses
import os

from compare_gan.study.define import definition
from compare_gan.study.define import plan
import gin
import pytest


def test_study_has_the_name_of_its_file_and_finds_its_base(load, tmp_path):
  study = load("study.seeds = 3")
  assert (study.name, study.seeds) == ("mine", 3)
  assert study.base == str(tmp_path / "base.gin")


def test_lines_of_the_command_line_come_last(load):
  study = load("study.seeds = 3", "study.seeds = 4", "study.name = 'other'")
  assert (study.name, study.seeds) == ("other", 4)


def test_a_changed_study_keeps_what_was_filled_in(load):
  study = load("study.slices = 'one_at_a_time'\nstudy.parameters = {}")
  changed = dataclasses.replace(study, seeds=2)
  assert changed.seeds == 2
  assert dataclasses.replace(changed, seeds=1) == study
  assert len(study.slices) == 2
  assert study.groups == ("penalty", "norm")
  assert "lamba" in study.parameters and study.inert


def test_seeds_differ_in_images_unless_an_earlier_version_began(load):
  begun_earlier = load().with_the_same_images_for_all_seeds()
  assert load().seeds_data and not begun_earlier.seeds_data
  assert not dataclasses.replace(begun_earlier, seeds=2).seeds_data


def test_base_may_be_a_card(load):
  study = load("", "study.base = 'sndcgan_cifar10.gin'")
  assert os.path.basename(study.base) == "sndcgan_cifar10.gin"
  assert os.path.isfile(study.base)


def test_no_base_is_needed_where_an_axis_has_cards(load):
  cards = {"sndcgan": "sndcgan_shapes16.gin", "dcgan": "dcgan_shapes32.gin"}
  study = load("", f"study.base = ''\nstudy.axes = {{'card': {cards}}}")
  assert not study.base and "on " not in plan.describe(study).split("\n")[0]
  sndcgan, dcgan = plan.runs(study, {})[0]
  assert sndcgan.bindings["options.architecture"] == "'sndcgan_arch'"
  assert "dcgan.Generator.ch" not in sndcgan.bindings
  assert dcgan.bindings["options.architecture"] == "'dcgan_arch'"
  assert dcgan.bindings["dcgan.Generator.ch"] == "16"


def test_a_study_may_include_one_of_configs_without_a_word(load, caplog):
  study = load("include 'studies/networks_shapes32.gin'")
  assert "dcgan_shapes32.gin" in study.axes["card"]["dcgan"][0]
  assert "not found" not in caplog.text


def test_gin_is_left_as_it_was(load):
  class Bound:
    pass

  bound = Bound()
  gin.bind_parameter("options.z_dim", 7)
  gin.bind_parameter("dataset.name", bound)
  study = load("study.search = [@fixed_sets()]")
  plan.runs(study, {})
  plan.impossible_cells(dataclasses.replace(study, search=()))
  assert gin.query_parameter("options.z_dim") == 7
  assert gin.query_parameter("dataset.name") is bound
  with pytest.raises(ValueError, match="no bound parameters"):
    gin.query_parameter("study.search")


@pytest.mark.parametrize(
  "text,message",
  [
    ("study.slizes = []", "slizes"),
    ("study.seeds_data = False", "seeds_data"),
    ("study.slices = [{'pnealty': 'gp'}]", "no axis 'pnealty'.*penalty, norm"),
    ("study.slices = [{'norm': 'xn'}]", "norm has no value 'xn'.*none, sn, ln"),
    ("study.baselines = {'nrm': 'none'}", "study.baselines: .*no axis 'nrm'"),
    ("study.baselines = {'norm': 'xn'}", "baselines: norm has no value 'xn'"),
    ("study.baselines = {'norm': ['sn']}", "must be a single value"),
    ("study.slices = ['norm']", r"slices holds 'norm'.*\{axis: value\}"),
    ("study.slices = 'each'", "'each' is unknown.*'one_at_a_time'"),
    ("study.groups = ['loss']", "study.groups: there is no axis 'loss'"),
    ("study.axes = {'norm': ['sn']}", r"norm is \['sn'\]"),
    (
      "study.axes = {'norm': {'sn': 'D.spectral_norm = True'}}",
      "It must be a list of",
    ),
    (
      "study.axes = {'term': {'x': 'regularisers/bcrr.gin'}}",
      "study.axes: term = 'x': there is no file regularisers/bcrr.gin",
    ),
    ("study.common = [3]", "study.common is"),
    ("study.overrides = [{'norm': 'sn'}]", "study.overrides holds"),
    ("study.overrides = [({'norm': 'x'}, [])]", "overrides: norm has no value"),
    ("study.seeds = 0", "study.seeds = 0"),
    ("study.minimize = 'no'", "study.minimize = 'no' is unknown.*True, False"),
    ("study.checkpoint = 'newest'", "'newest' is unknown.*'last', 'best'"),
    ("study.on_impossible = 'pass'", "'refuse', 'skip'"),
    ("study.parameters = {'ch': ['dcgan.Generator.ch = 3']}", r"needs a \{\}"),
    ("study.search = [@fixed_sets]", "with brackets"),
    ("study.search = [@grid(), @grid()]\ngrid.values = {}", "of one name"),
    (
      "study.search = [@grid()]\ngrid.values = {'lambda': [1]}",
      "grid sets lambda.*lr, lamba",
    ),
    ("study.inert = {'D.layer_norm = True': ['lambda']}", "'lambda', which is"),
    (
      "study.base = 'bse.gin'",
      "study.base = 'bse.gin': there is no file bse.gin",
    ),
  ],
)
def test_what_cannot_be_read(load, text, message):
  with pytest.raises((ValueError, FileNotFoundError), match=message) as raised:
    load(text)
  assert "\n\n" not in str(raised.value).split("In bindings")[0].strip()


@pytest.mark.parametrize(
  "text,message",
  [
    (
      "study.axes = {'norm': {'sn': ['D.spectral_nrm = True']}}",
      "spectral_nrm",
    ),
    ("study.axes = {'loss': {'x': ['loss.fn = @hnge']}}", "loss = 'x'.*hnge"),
    ("study.axes = {'loss': {'x': ['loss.fn @hinge']}}", "loss = 'x'"),
    ("study.common = ['optoins.z_dim = 3']", "study.common.*optoins"),
    ("study.parameters = {'a': ['options.zz = {}']}", "parameters: a.*zz"),
    ("study.inert = {'penalty.fun = 3': ['lamba']}", "penalty.fun"),
  ],
)
def test_bundles_that_cannot_be_parsed_are_named(load, text, message):
  study = load(text)
  with pytest.raises(ValueError, match=message) as raised:
    plan.runs(study, {})
  assert "\n" not in str(raised.value)


def test_missing_study_says_where_it_was_looked_for():
  with pytest.raises(FileNotFoundError, match="study run no.gin.*configs/stud"):
    definition.load("no.gin")
