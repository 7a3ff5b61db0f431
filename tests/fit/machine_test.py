"""How much memory is asked for, and what a device has."""

from compare_gan.fit import machine
from compare_gan.memory import memory_check
import pytest


@pytest.mark.parametrize(
  "text,size",
  [
    ("8GB", 8 * 10**9),
    ("7.5GiB", int(7.5 * 2**30)),
    ("500 mb", 500 * 10**6),
  ],
)
def test_sizes(text, size):
  assert machine.bytes_of(text, on_gpu=False) == size


@pytest.mark.parametrize("text", ["8", "GB", "-8GB", "0GB", "8 lots", ""])
def test_other_sizes_are_refused_with_what_is_accepted(text):
  with pytest.raises(ValueError, match=f"--ram={text}. It must be .* 8GB"):
    machine.bytes_of(text, on_gpu=False)


def test_by_default_it_is_what_is_free(monkeypatch):
  monkeypatch.setattr(
    memory_check, "available_bytes", lambda on_gpu: None if on_gpu else 7
  )
  assert machine.bytes_of(None, on_gpu=False) == 7
  with pytest.raises(ValueError, match="Set --ram"):
    machine.bytes_of(None, on_gpu=True)


def test_devices():
  assert machine.find("cpu").replicas == 1
  assert not machine.find("auto").on_gpu  # Tests see no GPU.
  with pytest.raises(ValueError, match="TensorFlow sees no GPU"):
    machine.find("gpu")
  with pytest.raises(ValueError, match="--run_config=abacus"):
    machine.find("abacus")
