"""The boot file of a training job on ModelArts; needs nothing but Python.

  python boot_modelarts.py --data_url=obs://mine/data \\
    --train_url=obs://mine/run

trains and scores COMPARE_GAN's model card, on NPUs where there are some; flags
of compare_gan.main, such as --gin_config=biggan_cifar.gin, make it another job.

Fetches the data and what an earlier start has left, runs compare_gan.main on
them, keeps the results in OBS while it trains, and ends with its exit code.
What it does not know goes to compare_gan.main. Paths of the container are used
where they lie: the platform itself brings and takes what is in them.

It may be started once per node, or once per card with RANK_ID set; it may be
killed and started again at any moment. See docs/modelarts.md.
"""

import argparse
import importlib.util
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

# Arguments that the platform adds to those of the job; they mean nothing here.
_OF_THE_PLATFORM = (
  "init_method",
  "master_addr",
  "master_port",
  "num_gpus",
  "num_npus",
  "ps_hosts",
  "rank",
  "task_index",
  "worker_hosts",
  "worker_num",
  "world_size",
)
_SECRET = re.compile(
  r"key|token|secret|passw|credential|sign|\bak\b|\bsk\b", re.I
)
_RETRIES = 3
# As compare_gan/estimator/devices/npu/adapter.py calls it. To look for it does
# not load it: a process that does takes the card.
_NPU_ADAPTER = "npu_device"


def main(argv=None):
  """Runs the job; returns its exit code."""
  args, rest = _arguments(argv)
  _say_environment()
  data = _place(args.data_url, args.modelarts_data_dir)
  result = _place(args.train_url, args.modelarts_result_dir)
  rank = int(os.environ.get("RANK_ID", 0))
  _fetch_once(args, data, result)
  sync = None
  if rank == 0 and _is_remote(args.train_url):
    sync = Sync(result, args.train_url, args.sync_seconds)
    sync.start()
  code = 1
  try:
    code = _run_children(
      _commands(args, rest, data, result), args.grace_seconds
    )
  finally:
    if sync and not sync.finish():
      code = code or 1  # A training that is nowhere to be found has failed.
  return code


def _arguments(argv):
  parser = argparse.ArgumentParser(
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    allow_abbrev=False,
  )
  add = parser.add_argument
  add("--data_url", help="of the data: obs://, s3:// or a folder")
  add("--train_url", help="for the results: obs://, s3:// or a folder")
  add("--modelarts_data_dir", default="/cache/dataset")
  add("--modelarts_result_dir", default="/cache/result")
  add("--code_dir", default=os.path.dirname(os.path.abspath(__file__)))
  add(
    "--processes",
    type=int,
    help="trainings to start on this node; default: one per NPU where "
    "npu_device is installed or --run_config=npu, else one",
  )
  add("--sync_seconds", type=float, default=60.0)
  add("--wait_seconds", type=float, default=7200.0, help="for the download")
  add("--grace_seconds", type=float, default=60.0, help="to end after a signal")
  args, rest = parser.parse_known_args(argv)
  return args, _without_the_platforms(rest)


def _without_the_platforms(words):
  """Returns the arguments for compare_gan.main."""
  kept, words = [], list(words)
  while words:
    word = words.pop(0)
    name, equals, _ = word.lstrip("-").partition("=")
    if word.startswith("--") and name in _OF_THE_PLATFORM:
      if not equals and words and not words[0].startswith("--"):
        words.pop(0)  # Its value.
      print(f"--{name} is the platform's: passed over.")
    else:
      kept.append(word)
  return kept


def _say_environment():
  """Prints the names of the platform's variables; values may be secrets."""
  prefixes = ("MA_", "VC_", "RANK", "ASCEND", "DEVICE", "TF_CONFIG", "CUDA")
  names = sorted(
    name
    for name in os.environ
    if name.startswith(prefixes) and not _SECRET.search(name)
  )
  print(f"Set by the platform: {', '.join(names) or 'nothing'}.")


def _without_secrets(text):
  """Returns a message without what follows a key's name in it."""
  return re.sub(
    r"(?i)(\w*(?:key|token|secret|passw|credential|sign|\bak|\bsk)\w*\s*[=:]\s*)"
    r"[^\s,;&]+",
    r"\1***",
    str(text),
  )


# ---- OBS ---------------------------------------------------------------------


def _is_remote(url):
  return bool(url) and url.startswith(("obs://", "s3://"))


def _place(url, folder):
  """Returns where the files of a URL are on this machine."""
  if not url or _is_remote(url):
    return folder
  return os.path.abspath(url)


def _moxing():
  """Returns moxing.file; only paths of OBS need it."""
  try:
    import moxing
  except ImportError as error:
    raise SystemExit(
      "obs:// and s3:// paths need moxing, which ModelArts' images have. Here "
      "use folders: --data_url=/data --train_url=/results."
    ) from error
  return moxing.file


def _again(what, do):
  """Does it, some times if need be."""
  for left in reversed(range(_RETRIES)):
    try:
      return do()
    except Exception as error:  # Whatever the network makes moxing raise.
      if not left:
        raise
      print(f"{what}: {_without_secrets(error)}. Again.", flush=True)
      time.sleep(min(2.0 ** (_RETRIES - left), 30.0) * _PAUSE)


_PAUSE = 1.0  # of the waits between two tries


def _fetch_once(args, data, result):
  """Brings the data, and what there is of results, once per node.

  The process of card 0 does it; the others wait for its mark.
  """
  os.makedirs(result, exist_ok=True)
  wanted = f"{args.data_url} {args.train_url}"
  done = pathlib.Path(f"{data.rstrip(os.sep)}.fetched")
  if not (_is_remote(args.data_url) or _is_remote(args.train_url)):
    return
  if (
    os.environ.get("ASCEND_DEVICE_ID", os.environ.get("DEVICE_ID", "0")) != "0"
  ):
    _wait_for(done, wanted, args.wait_seconds)
    return
  if _is_remote(args.data_url) and not _says(done, wanted):
    print(f"Fetching {args.data_url}.", flush=True)
    _again("Fetching the data", lambda: _fetch(args.data_url, data))
  if _is_remote(args.train_url) and not list(
    pathlib.Path(result).glob("*.index")
  ):
    if _moxing().exists(args.train_url):
      print(f"Fetching what is in {args.train_url}.", flush=True)
      _again("Fetching results", lambda: _fetch(args.train_url, result))
  _mark(done, wanted)


def _fetch(url, folder):
  os.makedirs(folder, exist_ok=True)
  mox = _moxing()
  if mox.list_directory(url):  # moxing refuses to copy nothing.
    mox.copy_parallel(src_url=url, dst_url=folder)


def _mark(path, text):
  """Writes a mark that is there as a whole or not at all."""
  path.parent.mkdir(parents=True, exist_ok=True)
  part = path.with_name(f"{path.name}.{os.getpid()}")
  part.write_text(text)
  part.replace(path)


def _says(path, text):
  return path.exists() and path.read_text() == text


def _wait_for(done, wanted, seconds):
  limit = time.monotonic() + seconds
  while not _says(done, wanted):
    if time.monotonic() > limit:
      raise SystemExit(
        f"Card 0 did not fetch the data within {seconds:.0f} s: its log says "
        "why. --wait_seconds waits longer."
      )
    time.sleep(0.1)


# What is half written, a lock, or a damaged file that was set aside: it means
# nothing to whoever goes on from what is in OBS.
_STAYS = re.compile(r"\.writing|\.lock(/|$)|(^|/)damaged[-/]")


class Sync:
  """Copies new files of a folder to OBS, again and again.

  A checkpoint's numbers come before its index, and the file `checkpoint`, which
  names the last one, after both: what is in OBS can be gone on from.

  Args:
    folder: of the results.
    url: where to.
    seconds: between two looks.
  """

  def __init__(self, folder, url, seconds):
    self._folder, self._url = pathlib.Path(folder), url.rstrip("/")
    self._seconds = seconds
    self._sent = self._stamps()  # What came from there need not go back.
    self._ended = threading.Event()
    self._thread = threading.Thread(target=self._loop, daemon=True)

  def start(self):
    self._thread.start()

  def finish(self):
    """Copies what is left; returns whether all of it could be copied."""
    self._ended.set()
    self._thread.join()
    try:
      self._copy_new()
    except Exception as error:  # Whatever the network makes moxing raise.
      reason = _without_secrets(error)
      print(f"The results are not all in {self._url}: {reason}.", flush=True)
      return False
    print(f"The results are in {self._url}.", flush=True)
    return True

  def _loop(self):
    while not self._ended.wait(self._seconds):
      try:
        self._copy_new()
      except Exception as error:  # It is tried again, and at the end.
        print(f"Copying to {self._url}: {_without_secrets(error)}.", flush=True)

  def _stamps(self):
    """Returns {relative path: what changes with a file's content}."""
    stamps = {}
    for path in self._folder.rglob("*"):
      name = path.relative_to(self._folder).as_posix()
      if _STAYS.search(name):
        continue
      try:
        if path.is_file():
          stat = path.stat()
          stamps[name] = (stat.st_size, stat.st_mtime_ns)
      except FileNotFoundError:  # Old checkpoints are removed.
        pass
    return stamps

  def _copy_new(self):
    stamps = self._stamps()
    new = [
      name for name, stamp in stamps.items() if self._sent.get(name) != stamp
    ]
    for name in sorted(new, key=_turn):
      _again(f"Copying {name}", lambda name=name: self._copy(name))
      self._sent[name] = stamps[name]

  def _copy(self, name):
    mox = _moxing()
    source, target = self._folder / name, f"{self._url}/{name}"
    if not source.exists():
      return
    mox.make_dirs(target.rsplit("/", 1)[0])
    mox.copy(str(source), target)


def _turn(name):
  """Sorts the files of a folder by when they are to be copied."""
  base = name.rsplit("/", 1)[-1]
  return (2 if base == "checkpoint" else int(base.endswith(".index")), name)


# ---- Trainings ---------------------------------------------------------------


# The archive of the network that published scores are by, in the data's folder.
_INCEPTION = "frozen_inception_v1_2015_12_05.tar.gz"


def _flags_of_card(rest, data):
  """Returns the flags of COMPARE_GAN's model card that the job leaves open.

  It trains and scores. A job with a --gin_config of its own is another one.
  """
  if _value(rest, "gin_config") is not None:
    return []
  flags = ["--gin_config=resnet_cifar10_false.gin"]
  if _value(rest, "schedule") is None:
    flags += ["--schedule=eval_after_train", "--eval_every_steps=60000"]
  if _value(rest, "schedule") == "train":
    return flags
  archive = os.path.join(data, _INCEPTION)
  if _value(rest, "myevalinception") is not None:
    print("Scores are by the Inception network of --myevalinception.")
  elif os.path.isfile(archive):
    flags.append(f"--myevalinception={archive}")
    print(f"Scores are by the Inception network in {archive}.")
  else:
    print(
      "Scores use a classifier trained on the dataset, not comparable with "
      f"published ones: there is no {archive}."
    )
  return flags


def _has_npus(rest):
  """Returns whether trainings are for NPUs: asked for, or what is there."""
  if _value(rest, "use_tpu") is not None:
    return False
  device = _value(rest, "run_config") or "auto"
  is_there = importlib.util.find_spec(_NPU_ADAPTER) is not None
  return device == "npu" or (device == "auto" and is_there)


def _commands(args, rest, data, result):
  """Returns [(words, variables)] of the trainings to start here."""
  words = [
    sys.executable,
    os.path.join(args.code_dir, "compare_gan", "main.py"),
  ]
  words.append(f"--model_dir={result}")
  if args.data_url and _value(rest, "tfds_data_dir") is None:
    words.append(f"--tfds_data_dir={data}")
  words += _flags_of_card(rest, data)
  words += rest
  count = args.processes
  if count is None:
    count = int(os.environ.get("MA_NUM_GPUS") or 1) if _has_npus(rest) else 1
    if count > 1 and _value(rest, "run_config") != "npu":
      words.append("--run_config=npu")  # None of them may train on the CPU.
  shown = shlex.join("***" if _SECRET.search(word) else word for word in words)
  print(f"Running {shown}", flush=True)
  variables = {
    "ASCEND_SLOG_PRINT_TO_STDOUT": "0",
    "ASCEND_GLOBAL_LOG_LEVEL": "3",
    **os.environ,
  }
  if "RANK_ID" in os.environ or count <= 1:
    return [(words, variables)]
  first = int(os.environ.get("VC_TASK_INDEX", 0)) * count
  size = int(os.environ.get("MA_NUM_HOSTS", 1)) * count
  return [
    (
      words,
      {
        **variables,
        "RANK_ID": str(first + card),
        "RANK_SIZE": str(size),
        "ASCEND_DEVICE_ID": str(card),
        "DEVICE_ID": str(card),
      },
    )
    for card in range(count)
  ]


def _value(words, flag):
  """Returns the last value of a flag; "" if it has none, None without it."""
  found = None
  for word, after in zip(words, [*words[1:], "--"]):
    match = re.fullmatch(rf"--?{flag}(=(.*))?", word, re.DOTALL)
    if match:
      found = "" if after.startswith("--") else after
      found = match[2] if match[1] else found
  return found


def _run_children(commands, grace_seconds):
  """Runs them side by side; returns the exit code of the first that fails."""
  children, signals = [], []

  def forward(number, frame):
    del frame
    signals.append(number)
    for child in children:
      if child.poll() is None:
        child.send_signal(number)

  before = {
    s: signal.signal(s, forward) for s in (signal.SIGTERM, signal.SIGINT)
  }
  try:
    for words, variables in commands:
      children.append(subprocess.Popen(words, env=variables))
      for number in signals:  # They came before this child did.
        children[-1].send_signal(number)
    while True:
      codes = [child.poll() for child in children]
      failed = [code for code in codes if code]
      if failed:
        _end(children, grace_seconds)
        # A child that a signal has ended has a negative number.
        return failed[0] if failed[0] > 0 else 128 - failed[0]
      if None not in codes:
        return 0
      time.sleep(0.1)
  finally:
    _end(children, grace_seconds)
    for number, handler in before.items():
      signal.signal(number, handler)


def _end(children, seconds):
  """Ends those that still run: politely, then not."""
  for child in children:
    if child.poll() is None:
      child.terminate()
  limit = time.monotonic() + seconds
  for child in children:
    try:
      child.wait(max(limit - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
      child.kill()
      child.wait()


if __name__ == "__main__":
  sys.exit(main())
