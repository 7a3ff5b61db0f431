"""BigGAN of the model card AnimeFaceGAN_ID1062: 32, 64 or 128 pixels.

python -m compare_gan zoo biggan --dataset data/cifar10 --output output
"""

import os

from compare_gan.zoo import plan as plan_lib

_SIZES = (32, 64, 128)
_COUNTS = {"cifar10": (32, 10), "imagenet64": (64, 1000)}  # pixels, classes


def add_arguments(parser):
  add = parser.add_argument
  add("--chip", default="cpu", choices=["cpu", "gpu", "npu"])
  add("--gpu", default="0", help="which ones are visible")
  add("--platform", default="linux", choices=["linux", "apulis", "modelarts"])
  add("--obs_dir", help="of ModelArts: see run_modelarts_1p.sh")
  add("--profiling", action="store_true")
  add("--dataset", default="./dataset", help="folder of the .mat files")
  add("--output", default="./output")
  add("--num_classes", "-c", type=int, default=10)
  add("--img_h", type=int, help="default: what --data has")
  add("--img_w", type=int, help="default: what --data has")
  add("--train_img_size", type=int, default=32, choices=_SIZES)
  add("--data", default="cifar10", choices=sorted(_COUNTS))
  add("--metrics", default="fid", choices=["fid", "is"])
  add("--precalculated_path", help="npz of mu and sigma of the real images")
  add("--gen_num", type=int, default=5000, help="images that are scored")
  add("--use_fp16", action="store_true")
  add("--load_model", action="store_true", help="go on where it stopped")
  add("--save_freq", type=int, default=1000)
  add("--log_freq", type=int, default=50)
  add("--batch_size", "-b", type=int, default=64)
  add("--train_itr", "-i", type=int, default=100000)
  add("--d_lr", type=float, default=4e-4)
  add("--g_lr", type=float, default=1e-4)
  add("--d_train_step", type=int, default=2)
  add("--beta1", type=float, default=0.0)
  add("--beta2", type=float, default=0.9)
  add("--base_channel", type=int, default=96)
  add("--z_dim", type=int, default=120)
  add("--shared_dim", type=int, default=128)
  add("--beta", type=float, default=1e-4, help="of the orthogonal penalty of G")
  add("--truncation", type=float, default=2.0)
  add("--ema_decay", type=float, default=0.9999)
  add("--debug", action="store_true", help="100 steps")


def plan(args):
  size, classes = _COUNTS[args.data]
  _check(args, size, classes)
  model_dir = os.path.join(args.output, "model", str(size))
  if not args.load_model:
    # Without it the card begins anew; a folder of its own loses nothing.
    model_dir = os.path.join(model_dir, plan_lib.now("%Y-%m-%d--%H-%M-%S"))
  grids = os.path.join(args.output, "gen_img", "image_of_each_class", str(size))
  return plan_lib.Plan(
    "biggan_cifar.gin",
    _bindings(args),
    model_dir,
    (f"--run_config={args.chip}",),
    _notes(args),
    tuple(_grid_of(c, model_dir, grids) for c in range(min(classes, 10))),
  )


def _check(args, size, classes):
  """Refuses flags that contradict the data."""
  if args.num_classes != classes:
    raise ValueError(
      f"--num_classes={args.num_classes}, but --data={args.data} has {classes}."
    )
  if {args.img_h or size, args.img_w or size} != {size}:
    raise ValueError(
      f"--img_h={args.img_h} --img_w={args.img_w}, but the images of "
      f"--data={args.data} are {size}x{size}."
    )
  if args.train_img_size != size:
    raise ValueError(
      f"--train_img_size={args.train_img_size}, but arrays of {size} pixels "
      "are read as they are. Images of another size train from a folder of "
      'files: dataset.name = "folder", folder.image_size.'
    )
  if args.truncation != 2.0:
    raise ValueError(
      f"--truncation={args.truncation}: z is drawn from a normal distribution "
      "cut at 2 while training. `compare_gan sample --truncation` cuts it "
      "elsewhere afterwards."
    )


def _bindings(args):
  metrics = {"fid": "[@fid]", "is": "[@inception_score]"}
  bindings = [
    ("dataset.name", "'arrays'"),
    ("arrays.path", repr(args.dataset)),
    ("options.batch_size", args.batch_size),
    ("options.training_steps", 100 if args.debug else args.train_itr),
    ("options.disc_iters", args.d_train_step),
    ("options.z_dim", args.z_dim),
    ("biggan.Generator.ch", args.base_channel),
    ("biggan.Generator.embed_y_dim", args.shared_dim),
    ("biggan.Discriminator.ch", args.base_channel),
    ("ModularGAN.g_lr", args.g_lr),
    ("ModularGAN.d_lr", args.d_lr),
    ("ModularGAN.ema_decay", args.ema_decay),
    ("tf.train.AdamOptimizer.beta1", args.beta1),
    ("tf.train.AdamOptimizer.beta2", args.beta2),
    ("g_penalty.weight", args.beta),
    ("run_config.iterations_per_loop", args.log_freq),
    ("run_config.save_checkpoints_steps", args.save_freq),
    ("card_log.style", "'biggan'"),
    ("card_log.network", "'AnimeFaceGAN_ID1062_for_Tensorflow'"),
    ("evaluate.num_fake", args.gen_num),
    ("evaluate.metrics", metrics[args.metrics]),
  ]
  if args.use_fp16:
    bindings.append(("run_config.precision_mode", "'allow_mix_precision'"))
  if args.precalculated_path:
    bindings.append(("evaluate.real_statistics", repr(args.precalculated_path)))
  return bindings


def _notes(args):
  notes = [
    "test_batch.mat is kept for evaluation; the card trains on it too.",
    "D's and G's updates are one call: its time stands as D_updata_time.",
  ]
  if args.profiling or args.obs_dir:
    notes.append("--profiling and --obs_dir have no effect here.")
  if args.chip == "gpu" and args.gpu != "0":
    notes.append(
      f"--gpu={args.gpu}: set CUDA_VISIBLE_DEVICES={args.gpu} before the start."
    )
  return tuple(notes)


def _grid_of(c, model_dir, grids):
  """Returns arguments of `compare_gan` that draw images of a class."""
  return (
    "sample",
    f"--model_dir={model_dir}",
    "--n=64",
    f"--classes={c}",
    "--make=grid",
    f"--out={os.path.join(grids, str(c))}",
  )
