"""The flags of the model cards: their names, defaults and what they come to."""

import argparse

from compare_gan import configuration
from compare_gan.gans import options
from compare_gan.zoo import plan as plan_lib
import gin
import pytest

pytestmark = pytest.mark.versions("exports TensorFlow's graphs")

_FLAGS = {
  "bigbigan": """
    dataset_path result_path num_epochs train_batch_size num_classes gen_disc_ch
    en_ch lr_gen_en beta_1_gen_en beta_2_gen_en lr_disc beta_1_disc beta_2_disc
    model dataset logging_step data_buffer_size cache_dataset device D_G_ratio
    num_cont_noise conditional num_emb use_tf_function
  """,
  "biggan": """
    chip gpu platform obs_dir profiling dataset output num_classes img_h img_w
    train_img_size data metrics precalculated_path gen_num use_fp16 load_model
    save_freq log_freq batch_size train_itr d_lr g_lr d_train_step beta1 beta2
    base_channel z_dim shared_dim beta truncation ema_decay debug
  """,
  "dcgan": """
    epoch learning_rate beta1 train_size batch_size input_height input_width
    output_height output_width dataset input_fname_pattern data_dir out_dir
    out_name checkpoint_dir sample_dir train crop visualize export freeze
    max_to_keep sample_freq ckpt_freq z_dim z_dist G_img_sum
  """,
}


def _arguments(card, *argv):
  parser = argparse.ArgumentParser()
  plan_lib.cards()[card].add_arguments(parser)
  return parser.parse_args(argv)


def _plan(card, *argv):
  return plan_lib.cards()[card].plan(_arguments(card, *argv))


def _required(card):
  if card == "bigbigan":
    return ("--dataset_path=data", "--result_path=results")
  return ("--dataset=mnist",) if card == "dcgan" else ()


def test_every_card_is_known():
  assert set(plan_lib.cards()) == set(_FLAGS)


@pytest.mark.parametrize("card", sorted(_FLAGS))
def test_flags_of_the_card_are_there(card):
  found = vars(_arguments(card, *_required(card)))
  assert set(found) == set(_FLAGS[card].split())


@pytest.mark.parametrize("card", sorted(_FLAGS))
def test_plan_is_a_configuration(card):
  plan = _plan(card, *_required(card))
  configuration.parse([plan.card], plan.gin_text().splitlines())
  assert (
    options.options().batch_size == dict(plan.bindings)["options.batch_size"]
  )


@pytest.mark.parametrize("card", sorted(_FLAGS))
def test_defaults_are_those_of_the_gin_card(card):
  """What the flags say by default stands in configs/ too."""
  plan = _plan(card, *_required(card))
  configuration.parse([plan.card])
  alone = options.options()
  configuration.parse([plan.card], plan.gin_text().splitlines())
  assert options.options() == alone._replace(
    training_steps=options.options().training_steps
  )


def test_bigbigan_trains_for_its_epochs():
  plan = _plan(
    "bigbigan", *_required("bigbigan"), "--num_epochs=2", "--beta_1_disc=0.25"
  )
  bindings = dict(plan.bindings)
  assert bindings["options.training_steps"] == 2 * 234
  assert bindings["d/tf.train.AdamOptimizer.beta1"] == 0.25
  assert bindings["ge/tf.train.AdamOptimizer.beta1"] == 0.5
  assert plan.model_dir.startswith("results/BigBiGAN_mnist_")
  assert "--tfds_data_dir=data" in plan.flags


def test_two_optimisers_have_their_own_betas():
  plan = _plan("bigbigan", *_required("bigbigan"), "--beta_1_disc=0.25")
  configuration.parse([plan.card], plan.gin_text().splitlines())
  query = gin.query_parameter
  assert query("d/tf.train.AdamOptimizer.beta1") == 0.25
  assert query("ge/tf.train.AdamOptimizer.beta1") == 0.5
  assert query("ModularGAN.d_optimizer_fn").scopes == ["d"]


def test_biggan_flags():
  plan = _plan("biggan", "-b", "8", "-i", "7", "--use_fp16", "--beta=0.5")
  bindings = dict(plan.bindings)
  assert bindings["options.batch_size"] == 8
  assert bindings["options.training_steps"] == 7
  assert bindings["g_penalty.weight"] == 0.5
  assert bindings["run_config.precision_mode"] == "'allow_mix_precision'"
  assert len(plan.then) == 10  # a grid of each class


def test_biggan_goes_on_only_with_load_model():
  assert _plan("biggan", "--load_model").model_dir == "./output/model/32"
  assert _plan("biggan").model_dir != "./output/model/32"


def _folder_of(tmp_path, *names):
  folder = tmp_path / "data" / "faces"
  folder.mkdir(parents=True)
  for name in names:
    (folder / name).write_bytes(b"")
  return (f"--data_dir={tmp_path / 'data'}", "--dataset=faces")


def test_dcgan_counts_the_images_of_its_folder(tmp_path):
  where = _folder_of(tmp_path, *(f"{i}.jpg" for i in range(9)))
  plan = _plan(
    "dcgan",
    *where,
    "--batch_size=4",
    "--epoch=3",
    "--crop",
    "--z_dist=normal01",
  )
  bindings = dict(plan.bindings)
  assert bindings["options.training_steps"] == 3 * 2
  assert bindings["folder.crop"] == "(108, 108)"
  assert bindings["folder.image_size"] == "(64, 64)"
  assert bindings["z.distribution_fn"] == "@tf.random.normal"


def test_dcgan_names_its_folder_as_the_card(tmp_path):
  where = _folder_of(tmp_path, "a.jpg")
  plan = _plan("dcgan", *where, "--batch_size=1")
  assert plan.model_dir.startswith("./out/")
  assert plan.model_dir.endswith(
    " - data - faces - x108.z100.uniform_signed.y64.b1"
  )
  named = _plan("dcgan", *where, "--batch_size=1", "--out_name=mine")
  assert named.model_dir == "./out/mine"


def test_dcgan_exports_under_the_names_of_the_card(tmp_path):
  where = _folder_of(tmp_path, "a.jpg", "b.jpg")
  plan = _plan(
    "dcgan", *where, "--batch_size=2", "--out_name=o", "--export", "--freeze"
  ).moved_to("m")
  kinds = [words[2:] for words in plan.then]
  assert kinds == [
    (
      "--format=savedmodel",
      "--signature=dcgan",
      "--batch=2",
      "--out=m/export_b2",
    ),
    (
      "--format=pb",
      "--signature=dcgan",
      "--batch=2",
      "--out=m/frozen_b2/model.b2-{step}_frz.pb",
    ),
  ]
  assert {words[:2] for words in plan.then} == {("export", "--model_dir=m")}
  assert not _plan("dcgan", *where, "--batch_size=2").then


@pytest.mark.parametrize(
  "names,flags,message",
  [
    (["a.jpg"], [], "batch_size=64 is more than the 1 images"),
    (["a.png"], [], "matches none of the 1 files"),
    (["a.jpg", "b.png"], ["--batch_size=1"], "matches 1 of the 2 files"),
  ],
)
def test_what_dcgan_cannot_do_is_said(tmp_path, names, flags, message):
  where = _folder_of(tmp_path, *names)
  with pytest.raises((ValueError, OSError), match=message):
    _plan("dcgan", *where, *flags)


def test_a_missing_folder_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="there is no folder"):
    _plan("dcgan", f"--data_dir={tmp_path}")


@pytest.mark.parametrize(
  "flag,message",
  [
    ("--num_classes=3", "cifar10 has 10"),
    ("--train_img_size=64", "arrays of 32 pixels"),
    ("--truncation=1.0", "cut at 2"),
    ("--img_h=48", "are 32x32"),
  ],
)
def test_what_biggan_cannot_do_is_said(flag, message):
  with pytest.raises(ValueError, match=message):
    _plan("biggan", flag)


@pytest.mark.parametrize(
  "text,value", [("True", True), ("false", False), ("0", False)]
)
def test_booleans_are_read(text, value):
  assert plan_lib.boolean(text) is value


def test_other_booleans_are_refused():
  with pytest.raises(ValueError, match="neither True nor False"):
    plan_lib.boolean("maybe")


def test_a_plan_moves_with_its_commands():
  plan = _plan("biggan").moved_to("elsewhere")
  assert "--model_dir=elsewhere" in plan.arguments()
  assert "--model_dir=elsewhere" in plan.then[0]


def test_bindings_and_a_device_stand_over_a_plan():
  plan = plan_lib.Plan(
    "a.gin", [("x.n", 1)], "runs/a", ("--run_config=auto", "--other")
  )
  plan = plan.overridden(["x.n = 2", "y.s='a=b'"], "cpu")
  assert plan.gin_text() == "x.n = 1\nx.n = 2\ny.s = 'a=b'"
  assert plan.flags == ("--other", "--run_config=cpu")
  assert plan.overridden([]) == plan
  with pytest.raises(ValueError, match="'x.n 2' binds nothing"):
    plan.overridden(["x.n 2"])
