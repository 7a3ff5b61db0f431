"""BigGAN of the model card AnimeFaceGAN_ID1062: 32, 64 or 128 pixels.

python -m compare_gan zoo biggan --dataset data/cifar10 --output output
python -m compare_gan zoo biggan --dataset data --data imagenet64 -c 1000 \\
  --train_img_size 128
"""

import argparse
import glob
import os

from compare_gan.ascend.zoo import plan as plan_lib

_SIZES = (32, 64, 128)
_COUNTS = {"cifar10": (32, 10), "imagenet64": (64, 1000)}  # pixels, classes
_DRAWN = 10  # classes of which there are grids


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("--chip", default="auto", help="a value of --run_config")
  add(
    "--gpu", default="0", help="visible GPUs; set CUDA_VISIBLE_DEVICES instead"
  )
  add("--platform", default="linux", choices=["linux", "apulis", "modelarts"])
  add("--obs_dir", help="folder of ModelArts, see run_modelarts_1p.sh")
  add("--profiling", action="store_true")
  add("--dataset", default="./dataset", help="folder of the .mat files")
  add("--output", default="./output")
  add("--num_classes", "-c", type=int, help="default: that of --data")
  add("--img_h", type=int, help="default: that of --data")
  add("--img_w", type=int, help="default: that of --data")
  add("--train_img_size", type=int, default=32, choices=_SIZES)
  add(
    "--data",
    choices=sorted(_COUNTS),
    help="default: imagenet64 if --dataset has its .mat and none of CIFAR-10's",
  )
  add("--metrics", default="fid", choices=["fid", "is"])
  add("--precalculated_path", help="npz of mu and sigma of the real images")
  add("--gen_num", type=int, default=5000, help="number of images to score")
  add("--use_fp16", action="store_true")
  add(
    "--load_model", action="store_true", help="resume the training in --output"
  )
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
  add(
    "--beta", type=float, default=1e-4, help="weight of G's orthogonal penalty"
  )
  add(
    "--truncation",
    type=float,
    default=2.0,
    help="truncation of the normal z in training and sampling; 0: none",
  )
  add("--ema_decay", type=float, default=0.9999)
  add("--debug", action="store_true", help="train for 100 steps")


def plan(args: argparse.Namespace) -> plan_lib.Plan:
  data = args.data or _found_data(args.dataset)
  pixels, classes = _COUNTS[data]
  if args.num_classes is not None and data != "cifar10":
    classes = args.num_classes  # A subset of ImageNet has fewer.
  _check(args, data, pixels, classes)
  size = str(args.train_img_size)
  model_dir = _model_dir(os.path.join(args.output, "model", size), args)
  grids = os.path.join(args.output, "gen_img", "image_of_each_class", size)
  drawn = ",".join(map(str, range(min(classes, _DRAWN))))
  return plan_lib.Plan(
    "biggan_cifar.gin",
    _bindings(args, data, classes),
    model_dir,
    (f"--run_config={args.chip}",),
    _notes(args, data),
    (
      (
        "sample",
        f"--model_dir={model_dir}",
        "--n=64",
        f"--classes={drawn}",
        "--make=class_grids",
        f"--out={grids}",
      ),
    ),
  )


def _found_data(folder):
  """Returns the --data that a folder holds."""
  cifar = glob.glob(os.path.join(glob.escape(folder), "data_batch_*.mat"))
  has_imagenet = os.path.exists(os.path.join(folder, "imagenet64.mat"))
  return "imagenet64" if has_imagenet and not cifar else "cifar10"


def _model_dir(folder, args):
  """Returns the folder to train in; earlier trainings are never lost.

  Without --load_model the card starts anew, here in a folder of its own; with
  it, the training in the most recently written folder is resumed.
  """
  if not args.load_model:
    return os.path.join(folder, plan_lib.now("%Y-%m-%d--%H-%M-%S"))
  inside = glob.glob(os.path.join(glob.escape(folder), "*", "checkpoint"))
  found = [
    path
    for path in (os.path.join(folder, "checkpoint"), *sorted(inside))
    if os.path.isfile(path)
  ]
  return os.path.dirname(max(found, key=os.path.getmtime)) if found else folder


def _check(args, data, pixels, classes):
  """Refuses flags that contradict the data."""
  if args.num_classes not in (None, classes) or classes < 1:
    raise ValueError(
      f"--num_classes={args.num_classes}, but --data={data} has {classes}."
    )
  if {args.img_h or pixels, args.img_w or pixels} != {pixels}:
    raise ValueError(
      f"--img_h={args.img_h} --img_w={args.img_w}, but the images of "
      f"--data={data} are {pixels}x{pixels}; --train_img_size says what they "
      "are resized to."
    )


def _bindings(args, data, classes):
  metrics = {"fid": "[@fid]", "is": "[@inception_score]"}
  bindings = [
    ("dataset.name", "'arrays'"),
    *_data(args, data, classes),
    ("options.batch_size", args.batch_size),
    ("options.training_steps", 100 if args.debug else args.train_itr),
    ("options.disc_iters", args.d_train_step),
    ("options.z_dim", args.z_dim),
    *_z(args.truncation),
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


def _data(args, data, classes):
  bindings = [
    ("arrays.path", repr(args.dataset)),
    ("arrays.image_size", args.train_img_size),
    ("arrays.num_classes", classes),
  ]
  if data != "imagenet64":
    return bindings
  path = args.dataset
  if not os.path.isfile(path):
    path = os.path.join(path, "imagenet64.mat")
  bindings[0] = ("arrays.path", repr(path))
  return [*bindings, ("arrays.eval_fraction", 0.0)]


def _z(truncation):
  """Returns bindings of both z: a standard normal one, truncated or not."""
  if truncation <= 0.0:
    normal = "@tf.random.normal"
    return [(f"{z}.distribution_fn", normal) for z in ("z", "eval_z")]
  return [(f"{z}.truncation", truncation) for z in ("z", "eval_z")]


def _notes(args, data):
  kept = (
    "test_batch.mat is held out for evaluation; the original card also trains "
    "on it."
  )
  if data == "imagenet64":
    kept = (
      "All images are trained on, as in the original card, and scores compare "
      "with them: --gin_bindings='arrays.eval_fraction = 0.1' holds a tenth "
      "out."
    )
  notes = [
    kept,
    "D's and G's updates are one call: its time is logged as D_updata_time.",
  ]
  if args.profiling or args.obs_dir:
    notes.append("--profiling and --obs_dir have no effect here.")
  if args.chip == "gpu" and args.gpu != "0":
    notes.append(
      f"--gpu={args.gpu}: set CUDA_VISIBLE_DEVICES={args.gpu} before the start."
    )
  return tuple(notes)
