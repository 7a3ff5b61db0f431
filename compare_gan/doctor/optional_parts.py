"""Optional packages: which are here, what each gives, how to install it."""

from collections.abc import Mapping

from compare_gan.doctor import requirements
from compare_gan.doctor.finding import Asked
from compare_gan.doctor.finding import Finding
from compare_gan.doctor.finding import absent
from compare_gan.doctor.finding import ok

ORDER = 60

_LISTED = 4  # packages that are named one by one

# What each extra of setup.py gives. Its packages are read from there, and a
# test compares the names.
GIVES = {
  "gpu": (
    "the CUDA libraries for NVIDIA GPUs, from TensorFlow 2.15 on; older ones "
    "use the CUDA of the machine"
  ),
  "tpu": "a TPU by its name, TPURunConfig.tpu",
  "study": "studies on Slurm and Ray (--executor), tables as Parquet",
  "features": "scores on networks from ONNX files: DINOv2, CLIP, your own",
  "onnx": "export --format=onnx, and its check",
  "huggingface": "bundles from and for Hugging Face: hf://user/name",
  "mlflow": "runs in MLflow: run_config.trackers = [@mlflow_tracker()]",
  "wandb": "runs in Weights & Biases: run_config.trackers = [@wandb_tracker()]",
  "test": "the library's own tests: make test",
  "docs": "the documentation site: make docs",
  "release": "wheel and sdist, and their checks: make package",
}
# Packages that no extra holds, because few need them: {name: what it gives}. A
# test compares them with the messages that ask for them.
ALONE = {
  "array_record": "datasets that were prepared as array_record files",
  "h5py": "HDF5 files, and MATLAB files of version 7.3",
  "scikit-learn": "sample --make=map --map=tsne",
  "umap-learn": "sample --make=map --map=umap",
}


def look(asked: Asked) -> list[Finding]:
  """Returns a finding for each extra, and each package beside them."""
  del asked
  alone = [_alone(name, gives) for name, gives in ALONE.items()]
  try:
    return [*of_extras(requirements.required(), GIVES), *alone]
  except requirements.Unknown:  # The versions say so.
    return alone


def of_extras(
  required: requirements.Required, gives: Mapping[str, str]
) -> list[Finding]:
  """Returns a finding for each extra.

  Args:
    required: what setup.py says.
    gives: {extra: what it gives}.
  """
  found = []
  for name, packages in required.extras.items():
    what = gives.get(name, "described in setup.py")
    lacking = [
      lack for one in packages for lack in requirements.what_it_lacks(one)
    ]
    if not lacking:
      found.append(ok(name, f"{what}: {_with_versions(packages)}"))
      continue
    said = f"not installed: {_listed(list(dict.fromkeys(lacking)))}"
    found.append(
      absent(name, said, f"pip install compare_gan[{name}] gives {what}.")
    )
  return found


def _with_versions(packages):
  names = dict.fromkeys(one.name for one in packages)
  return ", ".join(f"{name} {requirements.version(name)}" for name in names)


def _listed(names):
  if len(names) <= _LISTED:
    return ", ".join(names)
  return f"{names[0]} and {len(names) - 1} more"


def _alone(name, gives):
  found = requirements.version(name)
  if found is None:
    return absent(name, "not installed", f"pip install {name} gives {gives}.")
  return ok(name, f"{found}: {gives}")
