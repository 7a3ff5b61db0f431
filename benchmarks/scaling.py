"""What several replicas exchange in a step, and what that may cost them.

  python -m benchmarks.scaling --gin_config biggan_imagenet128.gin --seconds 0.6

Nothing is measured here: this is an optimistic model. A ring sends each byte of
a sum 2 (N - 1) / N times through every link. With B bytes to sum in a step, a
link of L bytes/s, a delay of d seconds for each message and S sums, this takes

  exchange  = 2 (N - 1) / N * B / L + S * 2 (N - 1) * d
  efficiency = seconds / (seconds + exchange)

where the efficiency is relative to N replicas that exchange nothing. B counts
the float32 gradients of D (`disc_iters` times) and of G (`gen_iters` times);
batch moments and scalars are small in comparison. S is the number of packs in
which hosts exchange them.
"""

import argparse
import math

_LINKS = {"1 Gbit/s": 0.125e9, "10 Gbit/s": 1.25e9, "100 Gbit/s": 12.5e9}
_REPLICAS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def exchange_seconds(replicas, size, bytes_per_second, sums, delay):
  """Returns the seconds of a step that a ring of replicas spends on sums."""
  hops = 2 * (replicas - 1)
  return hops / replicas * size / bytes_per_second + sums * hops * delay


def efficiency(seconds, exchange):
  """Returns the share of the ideal speed that is left."""
  return seconds / (seconds + exchange)


def bytes_per_step(gan):
  """Returns the bytes of gradients that a step sums, and in how many sums."""
  from compare_gan.estimator.devices import replicated

  networks = (
    (gan.discriminator, gan.options.disc_iters),
    (gan.generator, gan.options.gen_iters),
  )
  total = sums = 0
  for network, updates in networks:
    size = 4 * sum(_size(v.shape) for v in network.trainable_variables)
    total += updates * size
    sums += updates * math.ceil(size / replicated.BYTES_PER_PACK)
  return total, sums


def _size(shape):
  return math.prod(int(side) for side in shape)


def main(argv=None):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawTextHelpFormatter
  )
  parser.add_argument("--gin_config", default="resnet_cifar10.gin")
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument(
    "--seconds", type=float, required=True, help="of a step on one replica"
  )
  parser.add_argument(
    "--delay", type=float, default=20e-6, help="of a message, in seconds"
  )
  parser.add_argument("--image_size", type=int, default=32)
  parser.add_argument("--colors", type=int, default=3)
  parser.add_argument("--num_classes", type=int, default=10)
  args = parser.parse_args(argv)

  from compare_gan.configuration import gin_files
  from compare_gan.context import scope
  from compare_gan.storage import model_dir

  gin_files.parse(
    [args.gin_config],
    [*args.gin_bindings, "weights.initializer = 'normal'"],
  )
  side = args.image_size
  shape = model_dir.DatasetShape((side, side, args.colors), args.num_classes)
  with scope.building(seed=0):
    gan = model_dir.make_gan(shape)
  size, sums = bytes_per_step(gan)
  print(f"{size / 2**20:.1f} MiB of gradients a step, in {sums} sums")
  print(f"{'replicas':>8}" + "".join(f"{name:>14}" for name in _LINKS))
  for n in _REPLICAS:
    shares = [
      efficiency(
        args.seconds, exchange_seconds(n, size, speed, sums, args.delay)
      )
      for speed in _LINKS.values()
    ]
    print(f"{n:8}" + "".join(f"{share:14.0%}" for share in shares))


if __name__ == "__main__":
  main()
