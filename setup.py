"""Installs compare_gan: `pip install .`, or, to change it, `-e .[test]`.

One code base serves TensorFlow 2.6.5 (Python 3.9, the version of Huawei's NPU
adapter) to the newest TensorFlow, so the requirements are wide. For an old
TensorFlow add the pins it needs: `pip install -c constraints-tf2.6.txt .`
"""

import pathlib
import re
import shutil

import setuptools
from setuptools.command import build_py

ROOT = pathlib.Path(__file__).resolve().parent

# Clusters for regularization studies, and Parquet. On Python 3.9 submitit 1.5.4
# does not start.
STUDY = [
  "pyarrow",
  "ray; python_version >= '3.10'",
  "submitit; python_version >= '3.10'",
  "submitit<1.5.4; python_version < '3.10'",
]
# Networks from ONNX files, behind scores.
FEATURES = ["onnxruntime"]
# Exported generators for other programs.
ONNX = ["onnxruntime", "tf2onnx"]
# The documentation site, `make docs`, on Python 3.10 or later.
DOCS = [
  "griffelib==2.4.1",
  "jieba==0.42.1",
  "latex2mathml==3.81.1",
  "mkdocs==1.6.1",
  "mkdocs-material==9.8.2",
  "mkdocstrings==1.0.8",
  "mkdocstrings-python==2.0.11",
]


def version():
  """Returns compare_gan's version without importing compare_gan."""
  text = (ROOT / "compare_gan" / "version.py").read_text(encoding="utf-8")
  return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def long_description():
  readme = ROOT / "README.md"
  return readme.read_text(encoding="utf-8") if readme.exists() else ""


class BuildWithConfigs(build_py.build_py):
  """Puts configs/ into a built package, as the folder compare_gan/configs.

  The gin files stand at the top of the repository, where people look for them;
  a wheel carries them next to its modules. An editable installation copies
  nothing and uses the files of the repository.
  """

  def run(self):
    super().run()
    if not getattr(self, "editable_mode", False):
      configs = pathlib.Path(self.build_lib) / "compare_gan" / "configs"
      shutil.rmtree(configs, ignore_errors=True)
      shutil.copytree(ROOT / "configs", configs)


setuptools.setup(
  name="compare_gan",
  version=version(),
  description="Training and comparing GANs, configured by gin, on TensorFlow 2",
  long_description=long_description(),
  long_description_content_type="text/markdown",
  license="Apache-2.0",
  packages=setuptools.find_packages(include=["compare_gan*"]),
  package_data={
    "compare_gan": ["py.typed"],
    "compare_gan.export.web": ["*.html", "*.css", "*.js"],
    "compare_gan.study.report": ["*.html", "*.css", "*.js"],
    "compare_gan.study.report.sections": ["*.js"],
  },
  cmdclass={"build_py": BuildWithConfigs},
  python_requires=">=3.9",
  install_requires=[
    "absl-py",
    "gin-config>=0.5",
    # tensorflow-datasets' etils imports it, and does not say so on Python 3.13.
    "importlib_resources",
    "matplotlib",
    "numpy",
    "pillow",
    # How much memory there is and what processes use, on Linux and macOS.
    "psutil",
    "scipy",
    # tensorflow-hub imports pkg_resources, which setuptools 82 no longer has.
    "setuptools<82",
    "tensorflow>=2.6.5",
    "tensorflow-datasets",
    "tensorflow-gan",
    "tensorflow-hub",
    "tqdm",
  ],
  extras_require={
    # The CUDA libraries that fit the wheel; older wheels have no such extra
    # and use the CUDA of the machine.
    "gpu": ["tensorflow[and-cuda]>=2.15"],
    # What TPUClusterResolver imports to find a TPU by its name. TensorFlow for
    # the TPU itself cannot be an extra: the wheel tensorflow-tpu stands in for
    # the wheel tensorflow, and one must not be installed over the other.
    "tpu": ["google-api-python-client", "oauth2client"],
    "study": STUDY,
    "features": FEATURES,
    "onnx": ONNX,
    "docs": DOCS,
    # dill is what tensorflow_datasets.testing imports, onnx what tests write
    # small networks with.
    "test": [
      *STUDY,
      *FEATURES,
      *ONNX,
      "dill",
      "onnx",
      "pytest",
      "pytest-timeout",
      "pytest-xdist",
      "ruff==0.17.5",
      'mypy==2.4.1; python_version >= "3.11"',
    ],
  },
  entry_points={"console_scripts": ["compare_gan = compare_gan.__main__:run"]},
  classifiers=[
    "Development Status :: 3 - Alpha",
    "Intended Audience :: Science/Research",
    "Programming Language :: Python :: 3",
    "Topic :: Scientific/Engineering :: Artificial Intelligence",
  ],
)
