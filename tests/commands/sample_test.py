"""sample: images from a model_dir, with and without latents of one's own."""

from compare_gan.__main__ import main
from compare_gan.datasets import given_images
from compare_gan.evaluation import moments
from compare_gan.evaluation import sampling
from compare_gan.storage import model_dir
import gin
import numpy as np
from PIL import Image
import pytest

from tests.gans import tiny
from tests.looks import tiny as looks_tiny

pytestmark = pytest.mark.versions("reads TensorFlow's checkpoints")

_CONFIG = f"""
import tests.architectures.own_architecture
options.batch_size = 2
options.gan_class = @ModularGAN
options.architecture = "{tiny.ARCHITECTURE}"
options.training_steps = 1
options.z_dim = {tiny.Z_DIM}
ModularGAN.conditional = True
ModularGAN.g_use_ema = True
"""


@pytest.fixture
def sample(tmp_path):
  """Returns a function: extra gin lines, flags -> arrays, or a folder."""

  def run(*flags, config="", out="samples.npz", architecture=tiny.ARCHITECTURE):
    gin.parse_config(_CONFIG + config)
    gan = tiny.gan(architecture=architecture)
    gan.generator.out.bias.assign(gan.generator.out.bias + 1.0)  # not averaged
    model_dir.write(
      str(tmp_path / "model"), 0, gan, tiny.DATASET, _CONFIG + config
    )
    gin.clear_config()
    out = tmp_path / out
    arguments = [f"--model_dir={tmp_path / 'model'}", f"--out={out}"]
    assert main(["sample", *arguments, *flags]) == 0
    if out.is_dir():
      return out
    with np.load(out) as arrays:
      return dict(arrays)

  return run


def _save(path, array):
  np.save(path, array)
  return path


def test_given_latents_and_labels(sample, tmp_path):
  z = np.random.RandomState(0).randn(3, tiny.Z_DIM).astype(np.float32)
  z_path = _save(tmp_path / "z.npy", z)
  y_path = _save(tmp_path / "y.npy", np.array([2, 0, 1]))
  arrays = sample(f"--z={z_path}", f"--labels={y_path}")
  assert arrays["images"].shape == (3, 4, 4, 1)
  assert arrays["images"].dtype == np.float32
  np.testing.assert_array_equal(arrays["z"], z)
  np.testing.assert_array_equal(arrays["labels"], [2, 0, 1])


def test_drawn_latents_and_chosen_classes(sample):
  arrays = sample("--n=4", "--classes=2,1")
  assert arrays["images"].shape == (4, 4, 4, 1)
  np.testing.assert_array_equal(arrays["labels"], [2, 1, 2, 1])


def test_seed_changes_the_latents(sample):
  first, second = sample("--n=2"), sample("--n=2", "--seed=1")
  assert not np.allclose(first["z"], second["z"])


def test_raw_weights_are_a_choice(sample):
  averaged = sample("--n=2")["images"]
  raw = sample("--n=2", "--raw_weights")["images"]
  np.testing.assert_array_less(averaged, raw)  # by the bias of 1


_ACCUMULATED = """
G.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
"""


def test_empty_accumulators_are_filled_by_drawn_latents(sample):
  images = sample("--n=2", "--accu_examples=128", config=_ACCUMULATED)["images"]
  assert np.isfinite(images).all()
  again = sample("--n=2", "--accu_examples=256", config=_ACCUMULATED)["images"]
  assert not np.array_equal(images, again)


def test_accumulators_are_filled_by_given_latents(sample, tmp_path):
  zs = np.random.RandomState(0).randn(2, 4, tiny.Z_DIM)
  labels = np.zeros([2, 4], int)
  flags = [
    f"--accu_z={_save(tmp_path / 'zs.npy', zs)}",
    f"--accu_labels={_save(tmp_path / 'ys.npy', labels)}",
  ]
  given = sample("--n=2", *flags, config=_ACCUMULATED)["images"]
  drawn = sample("--n=2", "--accu_examples=128", config=_ACCUMULATED)["images"]
  assert not np.array_equal(given, drawn)


_SCALE_FREE = """
ModularGAN.conditional = False
standardize_batch.epsilon = 1e-12
weights.initializer = "orthogonal"
"""


def test_moments_are_those_of_truncated_latents(sample, capsys):
  """Latents ten times as small make the same images: moments go with them."""
  config = _ACCUMULATED + _SCALE_FREE
  flags = ["--n=6", "--accu_examples=640"]
  small, smaller = (
    sample(*flags, f"--truncation={t}", config=config)["images"]
    for t in (0.1, 0.01)
  )
  assert small.std() > 0.05
  np.testing.assert_allclose(small, smaller, atol=0.1 * small.std())
  assert (
    "z: normal, cut at 0.01; moments of batch norm: accumulated over 640 "
    "examples of z normal, cut at 0.01."
  ) in capsys.readouterr().out


def test_rows_of_a_truncation_sheet_have_their_own_moments(sample):
  config = _ACCUMULATED + _SCALE_FREE
  flags = ["--n=2", "--make=truncation", "--accu_examples=640"]
  folder = sample(*flags, out="folder", config=config)
  with Image.open(folder / "truncation.png") as picture:
    rows = np.asarray(picture.convert("L"), int).reshape(7, 4, -1)
  # Thresholds 0.3 and 0.1 differ in scale alone, and so do their moments.
  assert rows[-1].std() > 5
  np.testing.assert_allclose(rows[-1], rows[-2], atol=0.2 * rows[-1].std())


def test_given_latents_are_not_truncated(sample, tmp_path, capsys):
  path = _save(tmp_path / "z.npy", np.zeros([2, tiny.Z_DIM]))
  with pytest.raises((ValueError, AssertionError)):
    sample(f"--z={path}", "--truncation=0.5")
  captured = capsys.readouterr()
  assert "Leave one of them out" in captured.out + captured.err


def test_truncated_latents_are_small(sample):
  z = sample("--n=50", "--truncation=0.25")["z"]
  assert 0.2 < np.abs(z).max() < 0.25


@pytest.mark.long
def test_styles_are_truncated_instead_of_latents(tmp_path, capsys):
  config = f"""
    options.batch_size = 2
    options.gan_class = @ModularGAN
    options.architecture = "stylegan2_arch"
    options.training_steps = 1
    options.z_dim = {tiny.Z_DIM}
    stylegan2.Generator.w_dim = 4
    stylegan2.Generator.channel_max = 4
    stylegan2.Discriminator.channel_max = 4
  """
  gin.parse_config(config)
  dataset = model_dir.DatasetShape((8, 8, 3), 0)
  gan = tiny.gan(architecture="stylegan2_arch", dataset=dataset)
  model_dir.write(str(tmp_path / "model"), 0, gan, dataset, config)
  z = _save(tmp_path / "z.npy", np.float32([[0.5, 1.0], [2.0, -1.0]]))
  for psi, same in (("0.0", True), ("0.7", False)):
    gin.clear_config()
    out = tmp_path / f"{psi}.npz"
    arguments = [f"--model_dir={tmp_path / 'model'}", f"--out={out}"]
    flags = [f"--z={z}", f"--truncation={psi}"]
    assert main(["sample", *arguments, *flags]) == 0
    with np.load(out) as arrays:
      images = arrays["images"]
    assert np.allclose(images[0], images[1], atol=1e-6) == same
  gin.clear_config()
  assert main(["sample", *arguments, "--n=2", "--truncation=0.7"]) == 0
  assert "styles truncated by 0.7" in capsys.readouterr().out


def test_folder_gets_a_grid_images_and_arrays(sample):
  folder = sample("--n=5", out="folder")
  assert {path.name for path in folder.iterdir()} == {
    "grid.png",
    "images",
    "samples.npz",
  }
  assert len(list((folder / "images").iterdir())) == 5
  with Image.open(folder / "grid.png") as picture:
    assert picture.size == (12, 8)  # 3 x 2 images of 4 x 4 pixels


def test_images_of_a_folder_are_those_of_the_arrays(sample):
  folder = sample("--n=2", out="folder")
  with np.load(folder / "samples.npz") as arrays:
    images = arrays["images"]
  read = given_images.read(str(folder / "images"), colors=1)
  np.testing.assert_array_equal(read, np.rint(255 * images))


def test_folder_gets_gifs(sample):
  folder = sample(
    "--n=4", "--make=interpolation,morph,truncation", "--classes=0,2", out="gif"
  )
  with Image.open(folder / "morph.gif") as gif:
    assert gif.size == (8, 8)
  assert (folder / "interpolation.gif").exists()
  with Image.open(folder / "truncation.png") as picture:
    assert picture.size == (4 * 4, 4 * 7)


def test_each_morph_has_the_names_of_its_classes(sample):
  folder = sample("--n=1", "--make=morph", "--classes=2,0,1", out="gif")
  names = sorted(path.name for path in folder.glob("*.gif"))
  assert names == ["0to1.gif", "2to0.gif", "morph.gif"]
  with Image.open(folder / "2to0.gif") as gif:
    # A frame stays for 500 ms, so two a second; PIL joins those that are alike.
    total = 0
    for frame in range(gif.n_frames):
      gif.seek(frame)
      total += gif.info["duration"]
  assert total == 11 * 500


def test_grids_of_classes_are_made_at_once(sample):
  folder = sample("--n=3", "--make=class_grids", "--classes=2,0", out="grids")
  assert sorted(path.name for path in folder.iterdir()) == ["0.png", "2.png"]
  for label in (0, 2):
    alone = sample("--n=3", "--make=grid", f"--classes={label}", out=f"{label}")
    found = [
      np.asarray(Image.open(path))
      for path in (folder / f"{label}.png", alone / "grid.png")
    ]
    np.testing.assert_array_equal(*found)


def test_grids_of_all_classes_beside_other_things(sample):
  folder = sample("--n=1", "--make=npz,class_grids", out="all")
  names = sorted(path.name for path in folder.iterdir())
  assert names == ["0.png", "1.png", "2.png", "samples.npz"]


@pytest.mark.parametrize("classes", ["0,3", "a", "-1", "1,"])
def test_classes_that_the_model_has_not_are_named(sample, capsys, classes):
  with pytest.raises(AssertionError):  # The command ends with 1.
    sample("--make=morph", f"--classes={classes}", out="none")
  error = capsys.readouterr().err
  assert f"--classes={classes} must list classes from 0 to 2" in error


def test_classes_of_a_model_without_any_are_refused(sample, capsys):
  with pytest.raises(AssertionError):  # The command ends with 1.
    sample("--classes=1", config="ModularGAN.conditional = False")
  assert "--classes=1, but this model knows no" in capsys.readouterr().err


@pytest.mark.parametrize(
  "verb, flag",
  [
    (["sample", "--model_dir=x", "--out=y"], "--n"),
    (["reproduce", "x"], "--steps"),
    (["evaluate"], "--runs"),
    (["datasets", "check"], "--limit"),
  ],
)
def test_there_is_no_less_than_one(verb, flag, capsys):
  with pytest.raises(SystemExit):
    main([*verb, f"{flag}=0"])
  assert (
    f"{flag}: '0'. It must be a whole number of 1" in capsys.readouterr().err
  )


@pytest.mark.parametrize("prefix", ["", "accu_"])
def test_labels_without_their_latents_are_refused(prefix, sample, capsys):
  with pytest.raises(AssertionError):
    sample(f"--{prefix}labels=mine.npy")
  error = capsys.readouterr().err
  assert f"--{prefix}labels=mine.npy are of the latents that" in error


def test_unknown_thing_to_make_is_named(tmp_path, capsys):
  flags = ["--model_dir=x", f"--out={tmp_path}", "--make=grid,video"]
  assert main(["sample", *flags]) == 1
  assert "video is unknown" in capsys.readouterr().err


def test_folder_gets_sweeps_of_z(sample):
  folder = sample("--n=1", "--make=sweep", "--sweep=all", out="swept")
  with Image.open(folder / "sweep.png") as picture:
    assert picture.size == (9 * 4, tiny.Z_DIM * 4)
  with Image.open(folder / "sweep.gif") as gif:
    assert gif.size == (2 * 4, 4)  # a cell for each coordinate


def test_chosen_coordinates_are_swept(sample):
  folder = sample("--n=1", "--make=sweep", "--sweep=1", out="swept")
  with Image.open(folder / "sweep.png") as picture:
    assert picture.size == (9 * 4, 4)


def test_default_sweep_ends_with_z(sample):
  folder = sample("--n=1", "--make=sweep", out="swept")
  with Image.open(folder / "sweep.png") as picture:
    assert picture.size == (9 * 4, tiny.Z_DIM * 4)


@pytest.mark.parametrize("coordinates", ["2", "-1", "one"])
def test_coordinates_that_z_has_not(sample, tmp_path, capsys, coordinates):
  sample("--n=1")
  flags = [f"--model_dir={tmp_path / 'model'}", f"--out={tmp_path / 'x'}"]
  flags += ["--make=sweep", f"--sweep={coordinates}"]
  assert main(["sample", *flags]) == 1
  assert f"--sweep={coordinates}" in capsys.readouterr().err


_DATA = 'dataset.name = "tests.looks.tiny.Bars"\n'


@pytest.mark.parametrize(
  "features", ["pixels", pytest.param("random_filters", marks=pytest.mark.long)]
)
def test_folder_gets_looks_with_real_images(sample, features, capsys):
  folder = sample(
    "--n=3",
    "--make=neighbours,spectrum,map,directions",
    "--directions=2",
    f"--features={features}",
    config=_DATA,
    out="looks",
  )
  names = ["directions", "map", "neighbours", "spectrum"]
  assert sorted(path.name for path in folder.iterdir()) == sorted(
    f"{name}.{end}" for name in names for end in ("csv", "png")
  )
  said = capsys.readouterr().out
  assert "of 8 training images is at" in said and f"{features}, median" in said
  assert "directions: of hidden (z 0 to 1)." in said


def test_directions_need_no_dataset(sample):
  folder = sample("--n=1", "--make=directions", "--directions=1", out="ways")
  rows = (folder / "directions.csv").read_text().splitlines()
  assert rows[0] == "direction,eigenvalue,z0,z1"
  direction = np.array(rows[1].split(",")[2:], float)
  np.testing.assert_allclose(np.linalg.norm(direction), 1.0, rtol=1e-6)


@pytest.mark.parametrize(
  "flags,said",
  [
    (["--directions=3"], "--directions=3: it must be from 1 to 2"),
    (["--directions_of=B7"], "The layers are hidden"),
    (["--map=mds", "--make=map"], "--map=mds is unknown"),
    (["--features=dino", "--make=map"], "--features=dino is unknown"),
    (["--neighbours=0", "--make=neighbours"], "--neighbours=0"),
  ],
)
def test_what_looks_refuse(sample, capsys, flags, said):
  with pytest.raises(AssertionError):  # The command ends with 1.
    sample("--make=directions", *flags, config=_DATA, out="none")
  assert said in capsys.readouterr().err


def test_images_of_another_shape_are_refused(sample, capsys):
  other = 'dataset.name = "tests.features.tiny.Corners"\n'
  with pytest.raises(AssertionError):
    sample("--make=spectrum", config=other, out="none")
  assert "(8, 8, 3), but the model makes (4, 4, 1)" in capsys.readouterr().err


def test_a_file_gets_no_looks_and_this_is_said(sample, capsys):
  assert "images" in sample("--n=1", "--make=grid")
  assert "--make=grid is for a folder" in capsys.readouterr().out


def test_help_lists_the_kinds(capsys):
  with pytest.raises(SystemExit):
    main(["sample", "--help"])
  said = capsys.readouterr().out
  assert "neighbours" in said and "{kinds}" not in said


@pytest.mark.parametrize(
  "flags",
  [
    ["--sampler=ddls", "--gin_bindings=ddls.steps = 2"],
    [
      "--sampler=rejection",
      "--gin_bindings=rejection.burn_in = 8",
      "--gin_bindings=rejection.batch_size = 8",
    ],
  ],
  ids=lambda flags: flags[0],
)
def test_d_chooses_latents(sample, flags, capsys):
  config = "z.distribution_fn = @tf.random.normal\n"
  drawn = sample("--n=4", "--classes=2,1", config=config)
  chosen = sample("--n=4", "--classes=2,1", *flags, config=config)
  assert f"chosen by {flags[0]}" in capsys.readouterr().out
  np.testing.assert_array_equal(chosen["labels"], [2, 1, 2, 1])
  assert chosen["z"].shape == drawn["z"].shape
  assert not np.allclose(chosen["z"], drawn["z"])


_NORMED = "tests.architectures.normed_architecture"
_ACCUMULATED_IN_D = f"""
import {_NORMED}
options.architecture = "{_NORMED}"
{_DATA}
D.batch_norm_fn = @batch_norm
standardize_batch.use_moving_averages = False
weights.initializer = "orthogonal"
z.distribution_fn = @tf.random.normal
ddls.steps = 2
rejection.burn_in = 8
rejection.batch_size = 8
"""


@pytest.mark.parametrize("name", ["ddls", "rejection"])
def test_real_images_fill_the_moments_of_the_d_that_chooses(
  sample, tmp_path, name
):
  chosen = sample(
    "--n=4",
    f"--sampler={name}",
    "--accu_examples=8",
    config=_ACCUMULATED_IN_D,
    architecture=_NORMED,
  )
  gin.clear_config()
  gan, _ = model_dir.load_step(str(tmp_path / "model"), None, [])
  sampler = gin.get_configurable(name)()
  by_hand = [chosen["z"], chosen["labels"], 42]
  if name == "ddls":
    by_hand[0] = sampling.draw(gan, 4, 42)[0]
  empty = sampler.sample(gan, *by_hand)
  moments.fill_discriminator(gan, looks_tiny.Bars(), 8)
  np.testing.assert_array_equal(chosen["z"], sampler.sample(gan, *by_hand))
  assert not np.array_equal(chosen["z"], empty)


def test_d_does_not_choose_given_latents(sample, tmp_path, capsys):
  path = _save(tmp_path / "z.npy", np.zeros([2, tiny.Z_DIM]))
  with pytest.raises(AssertionError):  # The command ends with 1.
    sample(f"--z={path}", "--sampler=rejection")
  error = capsys.readouterr().err
  assert "--sampler=rejection draws z by itself" in error
