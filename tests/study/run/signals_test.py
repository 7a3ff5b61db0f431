"""Signals that end a study."""

import os
import signal

from compare_gan.study.run import signals


def _listening_to(number):
  """Returns Signals that have got one signal, handled and restored."""
  noted = signals.Signals()
  with noted.listening():
    os.kill(os.getpid(), number)
  return noted


def test_a_signal_is_noted_and_the_handler_restored():
  before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
  try:
    assert _listening_to(signal.SIGTERM).noted == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
  finally:
    signal.signal(signal.SIGTERM, before)


def test_a_signal_that_is_ignored_stays_ignored():
  before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
  try:
    assert _listening_to(signal.SIGHUP).noted is None
  finally:
    signal.signal(signal.SIGHUP, before)
