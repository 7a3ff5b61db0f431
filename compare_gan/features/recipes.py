"""Scripts that write networks to files, for a machine with internet.

They are texts, not modules, because they need packages that nothing here needs.
`python -m compare_gan features recipe <name>` prints one. Each writes a folder
with the network and source.npz, which has eight images and the source network's
features of them, which `features check --against` compares.
"""

from compare_gan.features import inception_network

_TO_ONNX = """\
torch.onnx.export(
  network,
  (torch.zeros(2, 3, PIXELS, PIXELS),),
  f"{FOLDER}/model.onnx",
  input_names=["pixels"],
  output_names=["features"],
  dynamic_axes={"pixels": {0: "n"}, "features": {0: "n"}},
  opset_version=14,
  dynamo=False,  # torch below 2.5 has no such argument: leave it out
)
"""

_DINOV2 = '''\
"""DINOv2 -> towers/<name>/model.onnx: python make_dinov2.py dinov2_vitl14

Needs torch, numpy and pillow; the weights come from facebookresearch/dinov2 by
torch.hub. dinov2_vits14, _vitb14, _vitl14 and _vitg14 have 384, 768, 1024 and
1536 features. FD-DINOv2 is of ViT-L/14, FLD of ViT-B/14.
"""

import os
import sys

# xformers' attention cannot be exported.
os.environ["XFORMERS_DISABLED"] = "1"

import numpy as np
from PIL import Image
import torch

NAME = sys.argv[1] if len(sys.argv) > 1 else "dinov2_vitl14"
PIXELS = 224
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
FOLDER = f"towers/{NAME}"


def prepared(images):
  """Returns what dgm-eval gives the network: bicubic by Pillow, in uint8."""
  resized = [
    np.asarray(Image.fromarray(x).resize((PIXELS, PIXELS), Image.BICUBIC))
    for x in images
  ]
  scaled = (np.stack(resized) / 255 - MEAN) / STD
  return torch.tensor(scaled.transpose(0, 3, 1, 2), dtype=torch.float32)


os.makedirs(FOLDER, exist_ok=True)
network = torch.hub.load("facebookresearch/dinov2", NAME).eval()

# Eight pictures of your own are better than noise.
images = np.random.RandomState(0).randint(0, 256, [8, 64, 64, 3])
images = images.astype(np.uint8)
with torch.no_grad():
  features = network(prepared(images)).numpy()  # the class token, after norm
np.savez(f"{FOLDER}/source.npz", images=images, features=features)

# The table of positions is of 37 x 37 patches (518 pixels). What the network
# makes of it for 16 x 16 is a constant; exported as an operation it would be
# computed with another bicubic filter.
with torch.no_grad():
  tokens = torch.zeros(1, 1 + (PIXELS // 14) ** 2, network.embed_dim)
  table = network.interpolate_pos_encoding(tokens, PIXELS, PIXELS).clone()
network.interpolate_pos_encoding = lambda tokens, width, height: table

<TO_ONNX>'''

_CLIP = '''\
"""CLIP -> towers/clip_vitl14_336/model.onnx, for CMMD: python make_clip.py

Needs torch, transformers, numpy and pillow; the weights are
openai/clip-vit-large-patch14-336. The features are the 768 numbers of the
projected embedding; tower.json has them divided by their length.
"""

import os

import numpy as np
from PIL import Image
import torch
from transformers import CLIPVisionModelWithProjection

SOURCE = "openai/clip-vit-large-patch14-336"
PIXELS = 336  # its table of positions is of this size: nothing to bake in
MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]
FOLDER = "towers/clip_vitl14_336"


class Tower(torch.nn.Module):
  """Pixels -> the projected embedding, of which CLIP returns more."""

  def __init__(self, clip):
    super().__init__()
    self.clip = clip

  def forward(self, pixels):
    return self.clip(pixel_values=pixels).image_embeds


def prepared(images):
  """Returns what CMMD gives the network: the central square, by Pillow."""
  resized = []
  for x in images:
    side = min(x.shape[:2])
    top, left = (x.shape[0] - side) // 2, (x.shape[1] - side) // 2
    square = Image.fromarray(x[top : top + side, left : left + side])
    resized.append(np.asarray(square.resize((PIXELS, PIXELS), Image.BICUBIC)))
  scaled = (np.stack(resized) / 255 - MEAN) / STD
  return torch.tensor(scaled.transpose(0, 3, 1, 2), dtype=torch.float32)


os.makedirs(FOLDER, exist_ok=True)
# These weights were trained with x * sigmoid(1.702 x) in place of the GELU.
clip = CLIPVisionModelWithProjection.from_pretrained(
  SOURCE, attn_implementation="eager"
)
assert clip.config.hidden_act == "quick_gelu", clip.config.hidden_act
network = Tower(clip.float()).eval()

# Eight pictures of your own are better than noise.
images = np.random.RandomState(0).randint(0, 256, [8, 64, 80, 3])
images = images.astype(np.uint8)
with torch.no_grad():
  features = network(prepared(images)).numpy()
np.savez(f"{FOLDER}/source.npz", images=images, features=features)

<TO_ONNX>'''

_INCEPTION = '''\
"""Inception -> towers/pool3_2015/saved_model: python make_inception.py

For the FID, evaluate.features = @inception reads the archive itself and needs
nothing of this; a tower lets you choose how images are resized. Needs
tensorflow, numpy and <FILE> beside the script,
from download.tensorflow.org/models/.
"""

import os
import tarfile

import numpy as np
import tensorflow as tf

ARCHIVE = "<FILE>"
MEMBER = "<MEMBER>"
PIXELS = <PIXELS>
FOLDER = "towers/pool3_2015"

os.makedirs(FOLDER, exist_ok=True)
with tarfile.open(ARCHIVE) as archive:
  frozen = archive.extractfile(MEMBER).read()
graph = tf.compat.v1.GraphDef.FromString(frozen)
whole = tf.compat.v1.wrap_function(
  lambda: tf.compat.v1.import_graph_def(graph, name=""), []
)
network = whole.prune("<INPUT>", "<FEATURES>")  # pixels in [-1, 1]


class Tower(tf.Module):
  """(x - 128) / 128 -> rows of 2048; pool_3 itself is [N, 1, 1, 2048]."""

  @tf.function(
    input_signature=[
      tf.TensorSpec([None, PIXELS, PIXELS, 3], tf.float32, name="pixels")
    ]
  )
  def rows(self, pixels):
    return {"features": tf.reshape(network(pixels), [-1, 2048])}


tower = Tower()
tf.saved_model.save(
  tower, f"{FOLDER}/saved_model", signatures={"serving_default": tower.rows}
)

# Of the network's own size, so that no resize is in between.
images = np.random.RandomState(0).randint(0, 256, [8, PIXELS, PIXELS, 3])
pixels = tf.constant((images - 128) / 128, tf.float32)
features = tf.reshape(network(pixels), [-1, 2048]).numpy()
np.savez(
  f"{FOLDER}/source.npz", images=images.astype(np.uint8), features=features
)
'''


def _with_names(script):
  """Returns the script with the names of the Inception network."""
  names = {
    "<FILE>": inception_network.FILE,
    "<MEMBER>": inception_network.MEMBER,
    "<PIXELS>": str(inception_network.PIXELS),
    "<INPUT>": inception_network.INPUT,
    "<FEATURES>": inception_network.OUTPUTS[0],
  }
  for mark, name in names.items():
    script = script.replace(mark, name)
  return script


RECIPES = {
  "dinov2": _DINOV2.replace("<TO_ONNX>", _TO_ONNX),
  "clip": _CLIP.replace("<TO_ONNX>", _TO_ONNX),
  "inception": _with_names(_INCEPTION),
}
