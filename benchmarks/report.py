"""How fast a large study is reported: `python -m benchmarks.report`.

Makes a folder of 2,000 finished runs, with scores of three checkpoints,
learning curves of ten scalars, a grid of 64 pictures of 32 x 32, and what the
microscope writes; some of them failed. Times `report.write`. If Chromium is
installed, it also times how long the page takes to load, to sort and to filter
its table, and to open a run. Nothing else should run on the machine.
"""

import argparse
import io
import itertools
import json
import os
import pathlib
import tempfile
import time

import numpy as np
from PIL import Image

_AXES = {
  "norm": ["none", "bn", "ln", "sn"],
  "penalty": ["none", "gp", "dragan", "l2"],
  "loss": ["ns", "wgan"],
  "arch": ["sndcgan", "resnet19"],
}
_EFFECT = {"sn": -6.0, "ln": -3.0, "gp": -3.0, "l2": 1.0, "resnet19": -1.0}
_STEPS = 40000
_SCALARS = ["loss/d", "loss/g", "loss/penalty", "d/real", "d/fake", "lr/d"]
_SCALARS += ["gradient/d", "gradient/g", "steps_per_second", "memory_mb"]
_LAYERS = [(64, 27), (128, 64), (128, 128), (256, 128), (256, 256), (512, 256)]


def make_study(folder, runs=2000, seeds=2, rows=400, side=32):
  """Writes the folder of a study that has run.

  Args:
    folder: the folder to write; it must not exist.
    runs: the number of runs.
    seeds: the number of seeds of each setting.
    rows: the number of rows of scalars.csv.
    side: pixels of each of 64 samples; 0 for no pictures.
  """
  folder = pathlib.Path(folder)
  (folder / "runs").mkdir(parents=True)
  random = np.random.RandomState(0)
  study = {
    "format": 1,
    "name": "synthetic study",
    "axes": _AXES,
    "score": "fid_classifier",
    "minimize": True,
    "checkpoint": "last",
    "seeds": seeds,
    "phases": ["fixed_sets", "gp_bandit"],
    "runs": runs,
    "top_percent": 5,
    "created": "2030-01-01T00:00:00+00:00",
  }
  (folder / "study.json").write_text(json.dumps(study))
  plan = list(itertools.islice(_plan(runs, seeds), runs))
  (folder / "runs.jsonl").write_text(_lines(plan))
  pictures = [grid(random, side) for _ in range(24)] if side else []
  events = []
  for run in plan:
    score = _score(run, random)
    events += _events(run, score)
    _write_run(folder / "runs" / run["id"], run, score, random, rows, pictures)
  (folder / "journal.jsonl").write_text(_lines(events))


def _lines(records):
  return "".join(json.dumps(record) + "\n" for record in records)


def _plan(runs, seeds):
  """Yields runs: two thirds of the settings are fixed, the rest is a search."""
  random = np.random.RandomState(1)
  cells = [
    dict(zip(_AXES, each)) for each in itertools.product(*_AXES.values())
  ]
  count = -(-runs // (seeds * len(cells)))
  order = 0
  for k in range(count):
    fixed = {"lr": [2e-4, 1e-4, 1e-3][k % 3], "beta1": [0.5, 0.0][k // 3 % 2]}
    fixed["disc_iters"] = 1 + k // 6
    is_fixed = 3 * k < 2 * count or count < 3
    for cell, seed in itertools.product(cells, range(1, seeds + 1)):
      searched = {"lr": float(f"{10 ** random.uniform(-5, -2):.3g}")}
      settings = dict(fixed if is_fixed else {**fixed, **searched})
      if cell["penalty"] != "none":
        settings["lamba"] = 1.0
      yield {
        "id": f"{order * 2654435761 % 2**32:08x}{order:08x}",
        "cell": cell,
        "settings": settings,
        "seed": seed,
        "phase": "fixed_sets" if is_fixed else "gp_bandit",
        "round": 0 if is_fixed else k,
        "order": order,
        "bindings": {},
      }
      order += 1


def _score(run, random):
  """Returns a score, or None for a run that failed."""
  share = 0.12 if run["cell"]["norm"] == "none" else 0.02
  if random.rand() < share:
    return None
  effect = sum(_EFFECT.get(value, 0.0) for value in run["cell"].values())
  off = abs(np.log10(run["settings"]["lr"] / 2e-4))
  return float(30 + effect + 8 * off**2 + random.gamma(2.0, 2.0))


def _events(run, score):
  start = {
    "time": f"2030-01-01T00:00:00.{run['order']:06}+00:00",
    "run": run["id"],
    "event": "start",
    "attempt": 1,
  }
  end = {**start, "event": "end", "time": "2030-01-01T01:00:00.000000+00:00"}
  end.update(status="ok", reason="", log_tail=[], seconds=75.5, host="a")
  if score is None:
    end.update(
      status=["failed", "collapsed", "timeout"][run["order"] % 3],
      reason="FloatingPointError: loss/d is not finite at step 12345.",
      log_tail=[f"step {i}: loss/d = {10.0**i:g}" for i in range(1, 30)],
    )
  return [start, end]


def _write_run(folder, run, score, random, rows, pictures):
  (folder / "samples").mkdir(parents=True)
  steps = np.linspace(_STEPS / rows, _STEPS, rows)
  _write_scalars(folder / "scalars.csv", steps, random)
  if pictures:
    picture = pictures[run["order"] % len(pictures)]
    (folder / "samples" / f"step-{_STEPS}.png").write_bytes(picture)
  (folder / "microscope.json").write_text(json.dumps(_microscope(random)))
  if score is not None:
    checkpoints = [
      _checkpoint(_STEPS * part // 3, score * (1 + 0.3 * (3 - part)), random)
      for part in (1, 2, 3)
    ]
    (folder / "scores.jsonl").write_text(_lines(checkpoints))


def _checkpoint(step, score, random):
  scores = {
    "fid_classifier": score,
    "kid_classifier": score / 1000 + random.normal(0, 2e-3),
    "inception_score_classifier": 12 - score / 10 + random.normal(0, 0.5),
  }
  return {
    "checkpoint_path": f"model.ckpt-{step}",
    "step": step,
    "status": "ok",
    "scores": scores,
    "lists": {name: [x] for name, x in scores.items()},
    "intervals": {},
    "errors": {},
    "protocol": {},
    "protocol_digest": "0f3a5c7e",
    "config": {},
  }


def _write_scalars(path, steps, random):
  walks = random.normal(size=[len(steps), len(_SCALARS)]).cumsum(axis=0)
  walks = 1.0 + 0.05 * walks
  table = np.column_stack([steps, steps / 50, walks])
  form = ["%d", "%.3f", *["%.6g"] * len(_SCALARS)]
  header = ",".join(["step", "seconds", *_SCALARS])
  np.savetxt(path, table, form, ",", header=header, comments="")


def _microscope(random):
  values = {
    f"discriminator/B{i}/conv{i}/kernel": np.sort(
      random.gamma(2.0, 1.0, min(shape))
    )[::-1]
    .round(5)
    .tolist()
    for i, shape in enumerate(_LAYERS)
  }
  norms = {
    name: random.gamma(4.0, at, 256).round(5).tolist()
    for name, at in [("real", 0.2), ("fake", 0.3), ("interpolated", 0.25)]
  }
  return {
    "step": _STEPS,
    "lipschitz": {
      "largest_gradient": max(norms["fake"]),
      "of_pairs": 2.4,
      "bound_by_layers": 120.0,
    },
    "singular_values": values,
    "gradient_norms": norms,
    "penalty": {
      "name": "wgangp_penalty",
      "weighted": 0.12,
      "d_loss": 1.3,
      "share_of_loss": 0.09,
      "seconds_with": 0.2,
      "seconds_without": 0.14,
      "share_of_time": 0.3,
    },
  }


def grid(random, side):
  """Returns a PNG of 8 x 8 samples: a disc or a square on a gradient."""
  at = (np.arange(side) + 0.5) / side - 0.5
  y, x = np.meshgrid(at, at, indexing="ij")
  cells = []
  for _ in range(64):
    distance = (
      np.hypot(x, y) if random.rand() < 0.5 else np.maximum(abs(x), abs(y))
    )
    inside = (distance < random.uniform(0.15, 0.45))[..., None]
    shade = random.rand(3) + 0.3 * x[..., None]
    image = np.where(inside, random.rand(3), shade)
    cells.append(image + random.normal(0, 0.04, image.shape))
  pixels = np.array(cells).reshape(8, 8, side, side, 3)
  pixels = pixels.transpose(0, 2, 1, 3, 4).reshape(8 * side, 8 * side, 3)
  file = io.BytesIO()
  Image.fromarray(np.uint8(255 * pixels.clip(0, 1))).save(file, "PNG")
  return file.getvalue()


# ---- What is measured --------------------------------------------------------

# Waits until the visible part has been laid out and painted.
_TIMED = """
  new Promise((resolve) => {
    const start = performance.now();
    CODE;
    requestAnimationFrame(() => setTimeout(
      () => resolve((performance.now() - start) / 1000)));
  })
"""
_ACTIONS = {
  "sort": "document.querySelectorAll('#table th button')[5].click()",
  "filter": "get('find').value = 'sn gp'; "
  "get('find').dispatchEvent(new Event('input'))",
  "open a run": "document.querySelector('#table tbody .open').click()",
}


def in_browser(path):
  """Returns the seconds for loading the page and for each action on it.

  Returns nothing without a browser.
  """
  from tests.export import chromium

  is_missing = chromium.required.mark.args[0]
  if is_missing:
    return {}
  with tempfile.TemporaryDirectory() as profile:
    with chromium.browser(profile) as browser:
      start = time.perf_counter()
      page = browser.open(pathlib.Path(path))
      page.wait_for("document.querySelectorAll('#table tbody tr').length > 3")
      seconds = {"load": time.perf_counter() - start}
      for name, code in _ACTIONS.items():
        seconds[name] = page.run(_TIMED.replace("CODE", code))
      assert not page.complaints()
  return seconds


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--runs", type=int, default=2000)
  parser.add_argument("--keep", help="folder to make the study in, and to keep")
  args = parser.parse_args()
  from compare_gan.study.report import report_page

  with tempfile.TemporaryDirectory() as temporary:
    folder = args.keep or os.path.join(temporary, "study")
    if not os.path.exists(folder):
      make_study(folder, args.runs)
    start, start_cpu = time.perf_counter(), time.process_time()
    path = report_page.write(folder)
    figures = {
      "runs": args.runs,
      "seconds": time.perf_counter() - start,
      "cpu_seconds": time.process_time() - start_cpu,
      "megabytes": os.path.getsize(path) / 2**20,
    }
    print(
      f"report.write {figures['seconds']:6.2f} s "
      f"({figures['cpu_seconds']:.2f} s of CPU) for {args.runs} runs, "
      f"{figures['megabytes']:.1f} MB"
    )
    for name, seconds in in_browser(path).items():
      print(f"{name:12} {seconds:6.2f} s")
      figures[f"{name.replace(' ', '_')}_seconds"] = seconds
  print(json.dumps(figures))


if __name__ == "__main__":
  main()
