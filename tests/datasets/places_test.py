"""Where datasets and caches are, by flag, variable and default."""

import pathlib

from compare_gan.datasets import places


def test_the_flag_comes_first_then_the_variable_then_the_home(monkeypatch):
  monkeypatch.setenv("HOME", "/home/a")
  monkeypatch.setenv("TFDS_DATA_DIR", "~/b")
  assert places.data_folder("/c") == pathlib.Path("/c")
  assert places.data_folder() == pathlib.Path("/home/a/b")
  monkeypatch.delenv("TFDS_DATA_DIR")
  assert places.data_folder() == pathlib.Path("/home/a/tensorflow_datasets")


def test_the_cache_is_in_the_home_unless_a_variable_says_otherwise(monkeypatch):
  monkeypatch.setenv("HOME", "/home/a")
  monkeypatch.delenv("COMPARE_GAN_CACHE", raising=False)
  assert places.cache_folder() == pathlib.Path("/home/a/.cache/compare_gan")
  monkeypatch.setenv("COMPARE_GAN_CACHE", "/c")
  assert places.cache_folder() == pathlib.Path("/c")
  monkeypatch.setenv("COMPARE_GAN_CACHE", "~/d")
  assert places.cache_folder() == pathlib.Path("/home/a/d")
