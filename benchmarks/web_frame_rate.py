"""Images per second of web pages: `python -m benchmarks.web_frame_rate`.

Makes the page of a generator with each engine, opens it in a headless Chromium
from disk, and lets it compute and show images for some seconds, as its button
"Measure speed" does. The best of three turns counts. Images per second of the
browser's CPU time are what an idle machine shows, on a busy one too: both
engines have one thread.

  python -m benchmarks.web_frame_rate --bundle shapes32-biggan
  python -m benchmarks.web_frame_rate --gin_config biggan_imagenet128.gin \\
    --pixels 128 --classes 1000 --half

With --gin_config the weights are those of a model that was not trained.
onnxruntime-web comes from scripts/vendor_onnxruntime_web.py.
"""

import argparse
import pathlib
import tempfile
import time

from compare_gan.bundles import arguments
from compare_gan.commands import export
from compare_gan.configuration import gin_files
from compare_gan.export.formats import web
from compare_gan.export.web import onnxruntime_web
from compare_gan.storage import model_dir
import psutil

_TURNS = 3
_SECONDS = 3.0
_MEGABYTES = 2000.0


def main(argv=None):
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  arguments.add(parser, required=False)
  export.add_model_arguments(parser)
  parser.add_argument("--gin_config", help="of a model that was not trained")
  parser.add_argument("--pixels", type=int, default=64, help="of its images")
  parser.add_argument("--classes", type=int, default=0, help="of its images")
  parser.add_argument("--half", action="store_true", help="as of `web`")
  parser.add_argument("--engines", default=",".join(web.ENGINES))
  parser.add_argument("--onnxruntime", default=onnxruntime_web.FOLDER)
  args = parser.parse_args(argv)
  gan = _untrained(args) if args.gin_config else export.load(args)[0]
  with tempfile.TemporaryDirectory() as folder:
    for engine in args.engines.split(","):
      path = pathlib.Path(folder) / f"{engine}.html"
      page = page_of(gan, engine, args.half, args.onnxruntime)
      path.write_text(page, encoding="utf-8")
      print(f"{engine:12} {path.stat().st_size / 2**20:7.1f} MB", end="")
      seconds, rate, cpu_rate = measure(path)
      print(
        f" {seconds:7.1f} s to the first image {rate:8.2f} images/s "
        f"{cpu_rate:8.2f} per second of CPU",
        flush=True,
      )


def _untrained(args):
  gin_files.parse([args.gin_config], args.gin_bindings)
  shape = (args.pixels, args.pixels, 3)
  return model_dir.make_gan(model_dir.DatasetShape(shape, args.classes))


def page_of(gan, engine, half, onnxruntime=onnxruntime_web.FOLDER):
  """Returns the HTML of a GAN's page with this engine."""
  classes = [str(label) for label in range(gan.num_classes)]
  given = (gan, True, classes, engine, _MEGABYTES, half)
  return web.html_by(engine, *given, folder=onnxruntime)


def measure(path, turns=_TURNS, seconds_of_turn=_SECONDS):
  """Returns the seconds until a page shows an image, and its images/s.

  The latter by the clock, and by the browser's CPU time.
  """
  from tests.export import chromium

  with tempfile.TemporaryDirectory() as profile:
    with chromium.browser(profile) as browser:
      start = time.perf_counter()
      page = browser.open(path)
      page.wait_for("get('status').textContent.includes('computed')")
      seconds = time.perf_counter() - start
      page.run("waiting.clear()")  # The gallery is not measured.
      page.wait_for("!busy")
      rates = [_rates(page, seconds_of_turn) for _ in range(turns)]
      assert not page.complaints()
  return (seconds, *map(max, zip(*rates)))


def _rates(page, seconds):
  start, start_cpu = time.perf_counter(), _cpu_seconds()
  rate = page.run(f"imagesPerSecond({seconds})")
  images = round(rate * (time.perf_counter() - start))
  return rate, images / (_cpu_seconds() - start_cpu)


def _cpu_seconds():
  """Returns the CPU time of the browser, which is this process's child."""
  times = [p.cpu_times() for p in psutil.Process().children(recursive=True)]
  return sum(t.user + t.system for t in times)


if __name__ == "__main__":
  main()
