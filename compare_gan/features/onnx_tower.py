"""Features of a network from an ONNX file: DINOv2, CLIP, one of your own.

evaluate.features = @onnx_features
onnx_features.path = "towers/dinov2_vitl14"   # model.onnx and tower.json
evaluate.metrics = [@fd]                      # the score fd_dinov2_vitl14

Nothing is downloaded: `python -m compare_gan features --help` says how to make
the files on a machine with internet, and tower.py describes tower.json.
onnxruntime runs the file, in float32 and on one thread, so that a score does
not depend on the number of cores.
"""

import os
from typing import Any

from compare_gan.configuration import gin_roles
from compare_gan.features import abstract_extractor
from compare_gan.features import onnx_weights
from compare_gan.features import tower
import gin
import numpy as np

MODEL = "model.onnx"
_CUDA = "CUDAExecutionProvider"
_DTYPES = {
  "tensor(float)": "float32",
  "tensor(float16)": "float16",
  "tensor(double)": "float64",
}

gin_roles.declare(
  "onnx_features",
  paths=["path"],
  # Where and how fast it is computed; this affects rounding only.
  speeds=["threads", "batch_size", "provider"],
)


@gin.configurable(
  "onnx_features", module="compare_gan.features", denylist=["dataset"]
)
@abstract_extractor.named(lambda: tower.bound_name("onnx_features.path"))
def onnx_features(
  dataset: Any,
  path: str = gin.REQUIRED,
  threads: int = 1,
  provider: str = "CPUExecutionProvider",
  batch_size: int = 50,
) -> tower.Tower:
  """Returns the extractor around an ONNX file.

  Args:
    dataset: not used.
    path: of a folder with model.onnx and tower.json, or of an ONNX file with
      tower.json next to it.
    threads: of the CPU that onnxruntime uses.
    provider: onnxruntime's name of the device to run on. Results of others than
      the CPU differ by rounding.
    batch_size: how many images it gets at once.
  """
  del dataset
  for key, count in (("threads", threads), ("batch_size", batch_size)):
    if type(count) is not int or count < 1:
      raise ValueError(
        f"onnx_features.{key} = {count!r}. It must be an int of 1 or more."
      )
  model = model_file(path)
  described = tower.read(tower.find(path))
  folder, names = os.path.dirname(model), onnx_weights.weight_files(model)
  tower.check_weights(described, folder, names)
  session = open_session(model, threads, provider)
  tower.check_ports(described, *ports(session))
  network = _network(session, described)
  return tower.Tower(described, network, "onnx", batch_size=batch_size)


def model_file(path: str) -> str:
  """Returns the path of the ONNX file that `onnx_features.path` names."""
  model = os.path.join(path, MODEL) if os.path.isdir(path) else path
  if not os.path.isfile(model):
    raise FileNotFoundError(
      f"onnx_features.path = {path!r}: there is no {model}. `python -m "
      "compare_gan features --help` says how to make one."
    )
  return model


def open_session(model: str, threads: int, provider: str) -> Any:
  """Returns onnxruntime's session of a file.

  Args:
    model: path of an ONNX file.
    threads, provider: see `onnx_features`.
  """
  try:
    import onnxruntime
  except ImportError as error:
    raise ValueError(
      "evaluate.features = @onnx_features needs onnxruntime: pip install "
      f"compare_gan[features], or 'onnxruntime' ({error})."
    ) from error
  available = onnxruntime.get_available_providers()
  if provider not in available:
    raise ValueError(
      f"onnx_features.provider = {provider!r}, but the onnxruntime here has "
      f"{', '.join(available)}."
    )
  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = options.inter_op_num_threads = threads
  options.log_severity_level = 3  # Errors; they are raised as well.
  # TF32 rounds factors to 10 bits, see abstract_extractor.full_float32.
  given = (provider, {"use_tf32": "0"}) if provider == _CUDA else provider
  try:
    session = onnxruntime.InferenceSession(model, options, providers=[given])
  # Its errors have different classes in different versions.
  except Exception as error:
    raise ValueError(
      f"onnxruntime {onnxruntime.__version__} cannot load {model}. A file "
      "with too new an opset can be exported again with an older one, such as "
      f"opset_version=13. The error is: {str(error).strip()}"
    ) from error
  if session.get_providers()[0] != provider:
    raise ValueError(
      f"onnx_features.provider = {provider!r}, but onnxruntime could not "
      f"start it and would run on {session.get_providers()[0]}. Repair its "
      "installation, or set the provider that runs."
    )
  return session


def ports(session: Any) -> tuple[dict[str, tower.Port], dict[str, tower.Port]]:
  """Returns the inputs and the outputs of a session, by name."""

  def by_name(nodes: Any) -> dict[str, tower.Port]:
    return {
      node.name: tower.Port(
        _DTYPES.get(node.type, node.type),
        # A node of unknown rank has the shape [], which would fit no image.
        list(node.shape) or None,
      )
      for node in nodes
    }

  return by_name(session.get_inputs()), by_name(session.get_outputs())


def _network(session, described):
  def network(images: np.ndarray) -> np.ndarray:
    try:
      [rows] = session.run([described.output], {described.input: images})
    except Exception as error:
      raise ValueError(
        f"{described.path}: onnxruntime refuses images of shape "
        f"{list(images.shape)}, which follow from pixels and layout: {error}"
      ) from error
    return rows

  return network
