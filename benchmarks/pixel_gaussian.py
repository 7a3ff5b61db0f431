"""What a generator must beat: `python -m benchmarks.pixel_gaussian`.

Scores images that are drawn pixel by pixel: each class has an independent
normal distribution for each pixel and color, fitted to the training images.
These contain mean images and contrasts, and nothing else.

  python -m benchmarks.pixel_gaussian --gin_config=biggan_shapes32.gin

What is scored and how is the file's `evaluate.*`; the last line is JSON.
"""

import argparse
import json

from compare_gan.configuration import gin_files
from compare_gan.datasets import catalogue
from compare_gan.evaluation import scoring
from compare_gan.evaluation import settings as settings_lib
import numpy as np


def main(argv=None):
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--gin_config", action="append", default=[])
  parser.add_argument("--gin_bindings", action="append", default=[])
  parser.add_argument("--n", type=int, help="images; evaluate.num_fake")
  parser.add_argument("--seed", type=int, default=0)
  args = parser.parse_args(argv)
  gin_files.parse(args.gin_config, args.gin_bindings)
  dataset = catalogue.dataset()
  chosen = settings_lib.Settings()
  n = args.n or chosen.num_fake or dataset.eval_samples
  images, labels = draw(fit(dataset), n, args.seed)
  evaluator = scoring.Evaluator(dataset, chosen)
  row = evaluator.row_of_images(images, labels, "pixel-wise Gaussians")
  for name, score in sorted(row.scores.items()):
    print(f"{name:40} {score:.6g}")
  print(json.dumps({"n": n, "seed": args.seed, **row.scores}))


def fit(dataset):
  """Returns the mean and the deviation of each class, [classes, H, W, C]."""
  classes = max(dataset.num_classes, 1)
  counts = np.zeros(classes)
  sums = np.zeros([2, classes, *dataset.image_shape])
  for batch in dataset.in_order("train", 500):
    images = batch["images"].numpy().astype(np.float64)
    for label in np.unique(batch["labels"]):
      members = images[batch["labels"].numpy() == label]
      counts[label] += len(members)
      sums[:, label] += [members.sum(axis=0), (members**2).sum(axis=0)]
  mean, square = sums / counts[:, None, None, None]
  return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def draw(fitted, n, seed):
  """Returns n images in [0, 1] and their labels, drawn uniformly."""
  mean, deviation = fitted
  random = np.random.RandomState(seed)
  labels = random.randint(len(mean), size=n)
  noise = random.standard_normal([n, *mean.shape[1:]])
  images = mean[labels] + deviation[labels] * noise
  return np.clip(images, 0.0, 1.0).astype(np.float32), labels


if __name__ == "__main__":
  main()
