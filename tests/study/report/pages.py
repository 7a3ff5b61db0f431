"""Pages of small studies, and what is in them."""

import json
import re

from compare_gan.study.report import report_page
import numpy as np

from benchmarks import report as synthetic
from tests.study.examples import row
from tests.study.examples import table

RUNS = 128  # of the study of all tests: 64 cells with 2 seeds


def data(text, name="data"):
  """Returns the JSON of a page that has this id."""
  pattern = rf'<script type="application/json" id="{name}">(.*?)</script>'
  return json.loads(re.search(pattern, text, re.DOTALL)[1])


def page(found, folder, **options):
  """Returns the page of a table."""
  return report_page.page(found, str(folder), **options)


def with_pictures(folder, scores):
  """Returns a table whose runs have pictures of about 50 KB."""
  random = np.random.RandomState(0)
  found = table([row(score, seed=i) for i, score in enumerate(scores)], axes={})
  for each in found.rows:
    samples = folder / "runs" / each.run / "samples"
    samples.mkdir(parents=True)
    (samples / "step-5.png").write_bytes(synthetic.grid(random, 16))
  return found


def with_more_pictures(folder, scores):
  """Returns a table whose runs have a spectrum of about 50 KB."""
  random = np.random.RandomState(0)
  found = table([row(score, seed=i) for i, score in enumerate(scores)], axes={})
  for each in found.rows:
    pictures = folder / "runs" / each.run / "pictures"
    pictures.mkdir(parents=True)
    (pictures / "spectrum.png").write_bytes(synthetic.grid(random, 16))
  return found
