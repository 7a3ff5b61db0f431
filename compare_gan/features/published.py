"""How published scores prepare images, by the names of `features make-json`.

Scores on one network differ more between these protocols than between most
models, so compare scores of the same protocol only.
"""

_IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
_OPENAI = {
  "mean": [0.48145466, 0.4578275, 0.40821073],
  "std": [0.26862954, 0.26130258, 0.27577711],
}
_HALF = {"mean": 3 * [128 / 255], "std": 3 * [128 / 255]}  # (x - 128) / 128
_PILLOW = {"resize": "bicubic", "antialias": True, "arithmetic": "uint8"}
_CLEAN = {"resize": "bicubic", "antialias": True, "arithmetic": "float"}
_TF1 = {"resize": "tf1_bilinear", "antialias": False, "arithmetic": "float"}


def _description(pixels, crop, *parts, normalise=False):
  values = {"pixels": pixels, "crop": crop, "normalise": normalise}
  for part in parts:
    values.update(part)
  return values


# {name: (keys of tower.json, what it is)}
PROTOCOLS = {
  "dinov2": (
    _description(224, "none", _PILLOW, _IMAGENET),
    "FD-DINOv2 of dgm-eval, FLD: the class token after the last layer norm",
  ),
  "dinov2_clean": (
    _description(224, "none", _CLEAN, _IMAGENET),
    "dgm-eval with clean_resize",
  ),
  "dinov2_torch_fidelity": (
    _description(224, "none", _TF1, _IMAGENET),
    "torch-fidelity's FD-DINOv2, another number than dgm-eval's",
  ),
  "clip_cmmd": (
    _description(336, "centre_square", _PILLOW, _OPENAI, normalise=True),
    "CMMD: ViT-L/14 at 336, the projected embedding of length 1",
  ),
  "clip_dgm_eval": (
    _description(224, "shorter_side", _PILLOW, _OPENAI),
    "dgm-eval's CLIP: 1024 features before the projection",
  ),
  "clip_clean_fid": (
    _description(224, "shorter_side", _PILLOW, _OPENAI),
    "clean-fid's CLIP ViT-B/32: 512 features",
  ),
  "inception_clean": (
    _description(299, "none", _CLEAN, _HALF),
    "clean-fid: pool_3, 2048 features",
  ),
  "inception_tf1": (
    _description(299, "none", _TF1, _HALF),
    "the FID of TF-GAN: pool_3, 2048 features",
  ),
}
