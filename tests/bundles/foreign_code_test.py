"""gin texts of strangers: what would run code or read files is found."""

from compare_gan.bundles import foreign_code
from compare_gan.configuration import gin_files
import pytest

pytestmark = pytest.mark.versions("gin's parser differs with Python")


@pytest.mark.parametrize(
  "text,reason",
  [
    ("import os", "`import os` runs code"),
    ("import tests.own", "`import tests.own` runs code"),
    ("import compare_gan_evil.a", "`import compare_gan_evil.a` runs code"),
    ("from os import path", "`import os.path` runs code"),
    ("from __gin__ import dynamic_registration", "import __gin__"),
    ("include '/etc/a.gin'", "`include '/etc/a.gin'` reads another file"),
    ('options.architecture = "evil"', "options.architecture = 'evil' runs"),
    ('options.architecture = "my.evil"', "'my.evil' runs code"),
    ('options.encoder_architecture = "evil"', "'evil' runs code"),
    ('a/options.architecture = "evil"', "'evil' runs code"),
    ('X = "evil"\noptions.architecture = %X', "architecture = 'evil' runs"),
    (
      'a/macro.value = "evil"\noptions.architecture = @a/macro()',
      "options.architecture = @a/macro() runs code",
    ),
    ('dataset.name = "my.Data"', "dataset.name = 'my.Data' runs code"),
    ('dataset.name = "tfds:a.b"', "runs code"),
    ('run_config.hooks = ["antigravity"]', "'antigravity'] runs code"),
    ('watchdog.signals = ["this"]', "'this'] runs code"),
    ('evaluate.best_by = "os.system"', "'os.system' runs code"),
    ('evaluate.best_by = "os:system"', "'os:system' runs code"),
    ("X = %X", "X = %X refers to itself"),
    ('evaluate.x = {"a": ("b", ["os.system"])}', "runs code"),
    ('saved_model.path = "network"', "'network' is a file or an address"),
    ('folder.path = "images"', "is a file or an address"),
    ('z.stddev = "https://evil.org/a"', "is a file or an address"),
    ('z.stddev = "/etc/passwd"', "is a file or an address"),
    ('z.stddev = "../../secret"', "is a file or an address"),
    ('z.stddev = "~/secret"', "is a file or an address"),
    ('z.stddev = "C:\\\\secret"', "is a file or an address"),
  ],
)
def test_what_is_refused(text, reason):
  [line] = foreign_code.refusals(text)
  assert reason in line


def test_all_reasons_are_told():
  found = foreign_code.refusals('import a\nimport b\ndataset.name = "c.D"')
  assert len(found) == 3


def test_names_of_compare_gan_are_harmless():
  text = """
    import compare_gan.gans.consistency
    options.architecture = "compare_gan.architectures.dcgan"
    dataset.name = "tfds:mnist"
    evaluate.metrics = [@fid, @compare_gan.metrics.kid.kid]
    run_config.hooks = [@Summaries]
    folder.path = None
    X = "resnet_cifar_arch"
    options.encoder_architecture = %X
    z.distribution_fn = @tf.random.normal
  """
  assert not foreign_code.refusals(text)


def test_cards_are_harmless():
  """They name no file but where a user has to fill it in."""
  for path in gin_files.cards():
    with open(path, encoding="utf-8") as file:
      found = foreign_code.refusals(file.read())
    assert not [x for x in found if "runs code" in x], path
    assert all("is a file or an address" in x for x in found), path


def test_bindings_that_name_files():
  text = 'folder.path = "/home/me"\nz.stddev = 1.0\ndataset.tfds_data_dir = "d"'
  assert foreign_code.outside(text) == [
    "folder.path",
    "dataset.tfds_data_dir",
  ]
