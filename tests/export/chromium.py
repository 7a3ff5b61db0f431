"""A headless Chromium, if there is one, driven through a pipe."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

import pytest

from tests import plain_shell

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATH = next(filter(None, map(shutil.which, _NAMES)), None)
_SECONDS = 120  # for one answer, on the slowest of machines

required = pytest.mark.skipif(
  _PATH is None or shutil.which("bash") is None,
  reason=f"there is no browser on PATH ({', '.join(_NAMES)}), or no bash",
)

_FLAGS = (
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--window-size=1100,1000",
  "--remote-debugging-pipe",
)


@contextlib.contextmanager
def browser(profile):
  """Yields a Browser whose profile is in an empty folder."""
  to_browser, our_end = _high_pipe()
  our_ear, from_browser = _high_pipe()
  # It reads commands from its file 3 and answers into its file 4.
  process = subprocess.Popen(
    [
      "bash",  # sh knows no files above 9.
      "-c",
      f'exec "$@" 3<&{to_browser} 4>&{from_browser}',
      "bash",
      _PATH,
      *_FLAGS,
      f"--user-data-dir={profile}",
      "about:blank",
    ],
    pass_fds=[to_browser, from_browser],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    env=plain_shell.environment(),
  )
  os.close(to_browser)
  os.close(from_browser)
  try:
    yield Browser(our_end, our_ear)
  finally:
    os.close(our_end)  # Nobody can command it any longer: it ends.
    try:
      process.wait(20)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
    os.close(our_ear)


def _high_pipe():
  """Returns both ends of a pipe, neither of them file 3 or 4."""
  ends = os.pipe()
  high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
  for end in ends:
    os.close(end)
  return high


class Browser:
  """Speaks the DevTools protocol: JSON, ended by zero bytes."""

  def __init__(self, to_browser, from_browser):
    self._to, self._from = to_browser, from_browser
    self._count = 0
    self._heard = b""
    self.events = []  # of all pages since the last `open`

  def _read(self, deadline):
    while b"\0" not in self._heard:
      left = deadline - time.monotonic()
      if not select.select([self._from], [], [], max(left, 0.0))[0]:
        raise TimeoutError("The browser does not answer.")
      part = os.read(self._from, 2**16)
      if not part:
        raise EOFError("The browser has ended.")
      self._heard += part
    message, self._heard = self._heard.split(b"\0", 1)
    return json.loads(message)

  def call(self, method, session=None, **params):
    """Returns the result of a command; keeps the events before it."""
    self._count += 1
    command = {"id": self._count, "method": method, "params": params}
    if session:
      command["sessionId"] = session
    self._write(json.dumps(command).encode() + b"\0")
    deadline = time.monotonic() + _SECONDS
    while True:
      message = self._read(deadline)
      if message.get("id") == self._count:
        assert "error" not in message, message["error"]
        return message["result"]
      self.events.append(message)

  def _write(self, data):
    while data:
      data = data[os.write(self._to, data) :]

  def open(self, path, **metrics):
    """Returns the Page of a file; `metrics` as of a device, "mobile" say."""
    self.events = []
    target = self.call("Target.createTarget", url="about:blank")["targetId"]
    attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
    page = Page(self, target, attached["sessionId"])
    for domain in ("Page", "Runtime", "Network", "Log"):
      page.call(f"{domain}.enable")
    if metrics:
      page.call(
        "Emulation.setDeviceMetricsOverride",
        **{"deviceScaleFactor": 1, "mobile": False, **metrics},
      )
    page.call("Page.navigate", url=path.resolve().as_uri())
    page.wait_for(
      "location.protocol === 'file:' && document.readyState === 'complete'"
    )
    return page


class Page:
  """A tab of a Browser."""

  def __init__(self, browser, target, session):
    self._browser, self._target, self._session = browser, target, session

  def call(self, method, **params):
    return self._browser.call(method, self._session, **params)

  def close(self):
    self._browser.call("Target.closeTarget", targetId=self._target)

  def run(self, code):
    """Returns the value of JavaScript, awaited if it is a promise."""
    result = self.call(
      "Runtime.evaluate",
      expression=code,
      awaitPromise=True,
      returnByValue=True,
      userGesture=True,
    )
    assert "exceptionDetails" not in result, result["exceptionDetails"]
    return result["result"].get("value")

  def wait_for(self, code):
    """Waits until JavaScript is true."""
    deadline = time.monotonic() + _SECONDS
    while not self.run(code):
      assert time.monotonic() < deadline, f"It does not come: {code}"
      time.sleep(0.02)

  def press(self, key, code):
    """Presses a key and lets it go."""
    for kind in ("keyDown", "keyUp"):
      self.call(
        "Input.dispatchKeyEvent",
        type=kind,
        key=key,
        code=key,
        windowsVirtualKeyCode=code,
      )

  def complaints(self):
    """Returns what the console and the log hold, and errors of scripts."""
    self.run("0")  # What comes before the answer has happened before it.
    kinds = ("Runtime.exceptionThrown", "Log.entryAdded")
    kinds += ("Runtime.consoleAPICalled",)
    return [event for event in self._events() if event["method"] in kinds]

  def requests(self):
    """Returns the addresses of all that was asked for."""
    self.run("0")
    return [
      event["params"]["request"]["url"]
      for event in self._events()
      if event["method"] == "Network.requestWillBeSent"
    ]

  def _events(self):
    return [
      event
      for event in self._browser.events
      if event.get("sessionId") == self._session
    ]

  def screenshot(self):
    """Returns a PNG in base64 of all of the page."""
    return self.call(
      "Page.captureScreenshot", format="png", captureBeyondViewport=True
    )["data"]
