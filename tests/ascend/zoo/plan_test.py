"""The flags of the model cards: their names, defaults and what they come to."""

import argparse
import dataclasses
import gzip
import os

from compare_gan.ascend.zoo import plan as plan_lib
from compare_gan.configuration import gin_files
from compare_gan.context import draws
from compare_gan.context import scope
from compare_gan.gans import options
from compare_gan.storage import model_dir
import gin
import numpy as np
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
  gin_files.parse([plan.card], plan.gin_text().splitlines())
  assert (
    options.options().batch_size == dict(plan.bindings)["options.batch_size"]
  )


@pytest.mark.parametrize("card", sorted(_FLAGS))
def test_defaults_are_those_of_the_gin_card(card):
  """What the flags say by default stands in configs/ too."""
  plan = _plan(card, *_required(card))
  gin_files.parse([plan.card])
  alone = options.options()
  gin_files.parse([plan.card], plan.gin_text().splitlines())
  assert options.options() == dataclasses.replace(
    alone, training_steps=options.options().training_steps
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
  gin_files.parse([plan.card], plan.gin_text().splitlines())
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


def test_biggan_draws_all_classes_in_one_process():
  [words] = _plan("biggan", "--output=o").then
  assert words[0] == "sample" and words[2:] == (
    "--n=64",
    "--classes=0,1,2,3,4,5,6,7,8,9",
    "--make=class_grids",
    "--out=o/gen_img/image_of_each_class/32",
  )


def test_biggan_goes_on_only_with_load_model():
  assert _plan("biggan", "--load_model").model_dir == "./output/model/32"
  assert _plan("biggan").model_dir != "./output/model/32"


def test_biggan_goes_on_with_what_was_written_last(tmp_path):
  """Also with what a start without --load_model has trained."""
  size = tmp_path / "model" / "32"
  for seconds, name in (
    (2, "2020-01-01--00-00-00"),
    (3, "b"),
    (1, "c"),
    (4, "d"),
  ):
    (size / name).mkdir(parents=True)
    if name != "d":  # which has trained nothing yet
      (size / name / "checkpoint").write_text("")
      os.utime(size / name / "checkpoint", (seconds, seconds))
  plan = _plan("biggan", f"--output={tmp_path}", "--load_model")
  assert plan.model_dir == str(size / "b")
  (size / "checkpoint").write_text("")
  plan = _plan("biggan", f"--output={tmp_path}", "--load_model")
  assert plan.model_dir == str(size)


def test_biggan_takes_any_device():
  assert "--run_config=auto" in _plan("biggan").flags
  assert "--run_config=gpu" in _plan("biggan", "--chip=gpu").flags


def test_biggan_of_imagenet64(tmp_path):
  (tmp_path / "imagenet64.mat").write_bytes(b"")
  for flags in ((), ("--data=imagenet64",)):
    bindings = dict(_plan("biggan", f"--dataset={tmp_path}", *flags).bindings)
    assert bindings["arrays.path"] == repr(str(tmp_path / "imagenet64.mat"))
    assert bindings["arrays.num_classes"] == 1000
    assert bindings["arrays.image_size"] == 32
    assert bindings["arrays.eval_fraction"] == 0.0
  some = _plan("biggan", "--data=imagenet64", "-c", "7")
  assert dict(some.bindings)["arrays.num_classes"] == 7
  [grids] = some.then
  assert "--classes=0,1,2,3,4,5,6" in grids


def test_biggan_trains_on_cifar_where_both_are(tmp_path):
  for name in ("imagenet64.mat", "data_batch_1.mat"):
    (tmp_path / name).write_bytes(b"")
  bindings = dict(_plan("biggan", f"--dataset={tmp_path}").bindings)
  assert bindings["arrays.path"] == repr(str(tmp_path))
  assert bindings["arrays.num_classes"] == 10


@pytest.mark.parametrize("size", ["32", "64", "128"])
def test_biggan_of_any_size(size):
  plan = _plan("biggan", f"--train_img_size={size}", "--output=o")
  assert dict(plan.bindings)["arrays.image_size"] == int(size)
  assert plan.model_dir.startswith(f"o/model/{size}/")
  assert plan.then[0][-1] == f"--out=o/gen_img/image_of_each_class/{size}"


@pytest.mark.parametrize("truncation,most", [(0.5, 0.5), (2.0, 2.0), (0, 5.3)])
def test_biggan_cuts_z_where_it_is_told(truncation, most):
  plan = _plan("biggan", f"--truncation={truncation}")
  gin_files.parse([plan.card], plan.gin_text().splitlines())
  for name in ("z", "eval_z"):
    with draws.seeded([1, 2]):
      z = np.abs(gin.get_configurable(name)([20000, 1]).numpy())
    assert 0.7 * most < z.max() <= most


@pytest.mark.parametrize(
  "dataset,initializer",
  [
    ("mnist", "truncated"),
    ("fashion_mnist", "orthogonal"),
    ("cifar10", "orthogonal"),
  ],
)
def test_bigbigan_starts_as_the_card_does(dataset, initializer):
  plan = _plan("bigbigan", *_required("bigbigan"), f"--dataset={dataset}")
  gin_files.parse([plan.card], plan.gin_text().splitlines())
  assert gin.query_parameter("weights.initializer") == initializer


def test_bigbigan_of_cifar_has_orthogonal_kernels():
  flags = ("--dataset=cifar10", "--gen_disc_ch=8", "--en_ch=8")
  plan = _plan("bigbigan", *_required("bigbigan"), *flags)
  gin_files.parse([plan.card], plan.gin_text().splitlines())
  gan = model_dir.make_gan(model_dir.DatasetShape((32, 32, 3), 10))
  for network in (gan.generator, gan.discriminator, gan.encoder):
    kernels = [
      v.numpy().reshape([-1, v.shape[-1]])
      for v in network.variables
      if scope.full_name(v).endswith("/kernel")
    ]
    assert kernels
    for kernel in kernels:
      kernel = kernel if len(kernel) >= kernel.shape[1] else kernel.T
      product = kernel.T @ kernel
      np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-4)


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


def test_dcgan_counts_what_the_pattern_says_and_nothing_else(tmp_path):
  names = ("a.jpg", "b.jpg", "c.png", "notes.txt", ".DS_Store", "._a.jpg")
  where = _folder_of(tmp_path, *names, "Thumbs.db")
  for pattern, steps in ((None, 2), ("*.png", 1), ("*", 3)):
    flags = ["--batch_size=1", "--epoch=1"]
    if pattern:
      flags.append(f"--input_fname_pattern={pattern}")
    bindings = dict(_plan("dcgan", *where, *flags).bindings)
    assert bindings["options.training_steps"] == steps
    assert bindings["folder.pattern"] == repr(pattern or "*.jpg")
    assert bindings["folder.eval_fraction"] == 0.0


def test_dcgan_counts_the_digits_of_both_files(tmp_path):
  folder = tmp_path / "data" / "mnist"
  folder.mkdir(parents=True)
  head = b"\0\0\x08\x03\0\0\0"
  (folder / "train-images-idx3-ubyte").write_bytes(head + b"\6")
  with gzip.open(folder / "t10k-images-idx3-ubyte.gz", "wb") as file:
    file.write(head + b"\2")
  where = (f"--data_dir={tmp_path / 'data'}", "--dataset=mnist")
  bindings = dict(_plan("dcgan", *where, "--batch_size=2").bindings)
  assert bindings["card_log.steps_per_epoch"] == 4
  assert bindings["arrays.eval_fraction"] == 0.0


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
    (["a.png"], [], "matches none of the images .* the 1 files"),
    (["a.txt"], ["--input_fname_pattern=*"], "matches none of the images"),
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
    ("--img_h=48", "are 32x32.*--train_img_size"),
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
