"""BigBiGAN of the model card BigbiGAN_ID1293: 32 pixels, RevNet encoder.

  python -m compare_gan zoo bigbigan --dataset_path tensorflow_datasets \\
    --result_path results --train_batch_size 256 --num_epochs 50
"""

import argparse
import os

from compare_gan.ascend.zoo import plan as plan_lib

# Names here, and how many images train.
_DATASETS = {
  "mnist": ("mnist", 60000),
  "fashion_mnist": ("fashion-mnist", 60000),
  "cifar10": ("cifar10", 50000),
}
# Of all kernels; the other datasets' are orthogonal.
_INITIALIZERS = {"mnist": "truncated"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
  add = parser.add_argument
  add("--dataset_path", required=True, help="folder of tensorflow_datasets")
  add("--result_path", required=True)
  add("--num_epochs", type=int, default=50)
  add("--train_batch_size", type=int, default=256)
  add("--model", default="bigbigan", choices=["bigbigan"])
  add("--dataset", default="mnist", choices=sorted(_DATASETS))
  add("--num_classes", type=int, default=10)
  add("--gen_disc_ch", type=int, default=64)
  add("--en_ch", type=int, default=32)
  add("--lr_gen_en", type=float, default=2e-4)
  add("--beta_1_gen_en", type=float, default=0.5)
  add("--beta_2_gen_en", type=float, default=0.999)
  add("--lr_disc", type=float, default=2e-4)
  add("--beta_1_disc", type=float, default=0.5)
  add("--beta_2_disc", type=float, default=0.999)
  add("--D_G_ratio", type=int, default=2)
  add("--num_cont_noise", type=int, default=100)
  add("--num_emb", type=int, default=32)
  add("--conditional", type=plan_lib.boolean, default=True)
  add("--device", default="auto", help="a value of --run_config")
  add("--logging_step", type=int, help="default: once per epoch")
  add("--data_buffer_size", type=int, default=1000)
  add("--cache_dataset", type=plan_lib.boolean, default=False)
  add("--use_tf_function", type=plan_lib.boolean, default=True)


def plan(args: argparse.Namespace) -> plan_lib.Plan:
  name, images = _DATASETS[args.dataset]
  if args.num_classes != 10:
    raise ValueError(
      f"--num_classes={args.num_classes}, but {args.dataset} has 10."
    )
  per_epoch = images // args.train_batch_size
  if not per_epoch:
    raise ValueError(
      f"--train_batch_size={args.train_batch_size} is more than the {images} "
      f"images of {args.dataset}."
    )
  bindings = [
    ("dataset.name", repr(name)),
    ("options.batch_size", args.train_batch_size),
    ("options.training_steps", args.num_epochs * per_epoch),
    ("options.disc_iters", args.D_G_ratio),
    ("options.z_dim", args.num_cont_noise),
    ("ModularGAN.conditional", args.conditional),
    ("ModularGAN.fit_label_distribution", args.conditional),
    ("bigbigan_small.Generator.ch", args.gen_disc_ch),
    ("bigbigan_small.Generator.embed_y_dim", args.num_emb),
    ("bigbigan_small.JointDiscriminator.ch", args.gen_disc_ch),
    ("bigbigan_small.Encoder.ch", args.en_ch),
    ("ModularGAN.g_lr", args.lr_gen_en),
    ("ModularGAN.d_lr", args.lr_disc),
    ("ModularGAN.g_optimizer_fn", "@ge/tf.train.AdamOptimizer"),
    ("ModularGAN.d_optimizer_fn", "@d/tf.train.AdamOptimizer"),
    *plan_lib.adam("ge", args.beta_1_gen_en, args.beta_2_gen_en),
    *plan_lib.adam("d", args.beta_1_disc, args.beta_2_disc),
    (
      "weights.initializer",
      repr(_INITIALIZERS.get(args.dataset, "orthogonal")),
    ),
    ("run_config.iterations_per_loop", args.logging_step or per_epoch),
    ("card_log.style", "'bigbigan'"),
    ("card_log.network", "'BigbiGAN_ID1293_for_Tensorflow2.X'"),
    ("card_log.steps_per_epoch", per_epoch),
  ]
  notes = [
    "--data_buffer_size has no effect: every epoch is a permutation of the "
    "whole dataset.",
    "--cache_dataset has no effect: a dataset that fits into memory is kept "
    "there.",
  ]
  if not args.use_tf_function:
    notes.append(
      "--use_tf_function=False has no effect: steps are always compiled."
    )
  model_dir = os.path.join(
    args.result_path,
    plan_lib.now(f"BigBiGAN_{args.dataset}_%Y-%m-%d--%H-%M-%S"),
  )
  flags = (
    f"--tfds_data_dir={args.dataset_path}",
    f"--run_config={args.device}",
  )
  return plan_lib.Plan(
    "bigbigan_mnist.gin", bindings, model_dir, flags, tuple(notes)
  )
