"""What `run_config.precision = "auto"` is, on machines that only seem to be."""

import types

from compare_gan.context import cpu
from compare_gan.context import precision
from compare_gan.estimator import devices
from compare_gan.estimator import run_config
from compare_gan.estimator.devices import native_precision
from compare_gan.estimator.devices import single
import pytest
import tensorflow as tf

pytestmark = pytest.mark.versions("tf.config describes the devices")


@pytest.fixture(autouse=True)
def _bfloat16_works(monkeypatch):
  monkeypatch.setattr(precision, "why_not", lambda name: None)


def _have_flags(monkeypatch, *flags):
  monkeypatch.setattr(cpu, "flags", lambda: {*flags})


def _have_gpus(monkeypatch, *capabilities):
  gpus = [types.SimpleNamespace(name=f"GPU:{c}") for c in capabilities]
  monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: gpus)
  monkeypatch.setattr(
    tf.config.experimental,
    "get_device_details",
    lambda gpu: {"compute_capability": capabilities[gpus.index(gpu)]},
  )


@pytest.mark.parametrize("flag", ["amx_bf16", "avx512_bf16"])
def test_a_cpu_needs_instructions_for_it(monkeypatch, flag):
  _have_flags(monkeypatch, "avx512f", flag)
  assert native_precision.choose(["CPU:0"])[0] == "bfloat16"
  _have_flags(monkeypatch, "avx512f", "avx512_vnni")
  name, reason = native_precision.choose(["CPU:0"])
  assert name == "float32" and "AVX512_BF16" in reason


def test_all_gpus_must_be_of_ampere_or_later(monkeypatch):
  _have_gpus(monkeypatch, (8, 0), (9, 0))
  assert native_precision.choose(["GPU:0", "GPU:1"])[0] == "bfloat16"
  _have_gpus(monkeypatch, (8, 6), (7, 5))
  name, reason = native_precision.choose(["/job:w/device:GPU:0"])
  assert name == "float32" and "has 7.5" in reason


def test_tensorflow_must_convolve_in_it(monkeypatch):
  _have_flags(monkeypatch, "amx_bf16")
  monkeypatch.setattr(precision, "why_not", lambda name: "no kernel")
  name, reason = native_precision.choose(["CPU:0"])
  assert name == "float32" and "(no kernel)" in reason


def test_auto_is_asked_for_and_says_what_it_is(monkeypatch, capsys):
  _have_flags(monkeypatch, "amx_bf16")
  on = single.OneDevice("CPU:0")
  assert on.precision(run_config.run_config()) == ("float32", False)
  assert capsys.readouterr().out == ""
  chosen = run_config.run_config(precision="auto")
  assert on.precision(chosen) == ("bfloat16", False)
  said = "Computing in bfloat16: the CPU multiplies it natively.\n"
  assert capsys.readouterr().out == said


def test_a_mode_decides_before_auto():
  chosen = run_config.run_config(
    precision="auto", precision_mode="must_keep_origin_dtype"
  )
  assert devices.choose("cpu").precision(chosen) == ("float32", False)
