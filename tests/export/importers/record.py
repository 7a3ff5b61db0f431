"""Records what PyTorch computes, for tests that run without it.

  pip install torch && python -m tests.export.importers.record

The modules here are our own: from the papers, with the names and shapes that
state_dicts of BigGAN-PyTorch, PyTorch-StudioGAN and mimicry have, as small as
their forms allow. rule.py says which numbers they are filled with.
recorded.json gets the names and shapes of each network and its outputs.
zip.pth and old.pth are files of torch.save in its two formats.
"""

import collections
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.export.importers import rule

_FOLDER = pathlib.Path(__file__).parent / "recorded"
_Z, _Y, _CLASSES = 8, 4, 3


# ---- BigGAN-PyTorch ----------------------------------------------------------


class Iterated(nn.Module):
  """A layer with one power iteration at each use, from a stored u."""

  u_name, sigma_name = "u0", "sv0"

  def __init__(self, shape, bias=True, normed=True):
    super().__init__()
    self.weight = nn.Parameter(torch.zeros(shape))
    if bias:
      self.bias = nn.Parameter(torch.zeros(shape[0]))
    else:
      self.bias = None
    self.normed = normed
    if normed:
      self.register_buffer(self.u_name, torch.zeros(1, shape[0]))
      self.register_buffer(self.sigma_name, torch.zeros(1))

  def kernel(self):
    if not self.normed:
      return self.weight
    w = self.weight.reshape(self.weight.shape[0], -1)
    v = F.normalize(getattr(self, self.u_name) @ w)
    u = F.normalize(v @ w.t())
    return self.weight / (v @ w.t() @ u.t()).squeeze()

  def forward(self, x):
    w = self.kernel()
    if w.dim() == 4:
      return F.conv2d(x, w, self.bias, padding=w.shape[2] // 2)
    return F.linear(x, w, self.bias)

  def rows(self, labels):
    return self.kernel()[labels]


def conv(a, b, size=3, **more):
  return Iterated((b, a, size, size), **more)


class Conditional(nn.Module):
  def __init__(self, channels, y_dim, normed, is_embedding=False):
    super().__init__()
    shape = (y_dim, channels) if is_embedding else (channels, y_dim)
    self.gain = Iterated(shape, False, normed)
    self.bias = Iterated(shape, False, normed)
    self.register_buffer("stored_mean", torch.zeros(channels))
    self.register_buffer("stored_var", torch.ones(channels))
    self.is_embedding = is_embedding

  def forward(self, x, y):
    if self.is_embedding:
      gain, bias = self.gain.rows(y), self.bias.rows(y)
    else:
      gain, bias = self.gain(y), self.bias(y)
    x = F.batch_norm(x, self.stored_mean, self.stored_var, eps=1e-5)
    return x * (1 + gain)[:, :, None, None] + bias[:, :, None, None]


class Plain(nn.Module):
  def __init__(self, channels):
    super().__init__()
    self.gain = nn.Parameter(torch.ones(channels))
    self.bias = nn.Parameter(torch.zeros(channels))
    self.register_buffer("stored_mean", torch.zeros(channels))
    self.register_buffer("stored_var", torch.ones(channels))

  def forward(self, x):
    return F.batch_norm(
      x, self.stored_mean, self.stored_var, self.gain, self.bias, eps=1e-5
    )


def attend(x, theta, phi, g, out, scale):
  n, c, h, w = x.shape
  t = theta(x).reshape(n, -1, h * w)
  p = F.max_pool2d(phi(x), 2).reshape(n, -1, h * w // 4)
  values = F.max_pool2d(g(x), 2).reshape(n, -1, h * w // 4)
  weights = torch.softmax(torch.bmm(t.transpose(1, 2), p), -1)
  o = torch.bmm(values, weights.transpose(1, 2)).reshape(n, -1, h, w)
  return x + scale * out(o)


class Attention(nn.Module):
  def __init__(self, c):
    super().__init__()
    for name, (a, b) in {
      "theta": (c, c // 8),
      "phi": (c, c // 8),
      "g": (c, c // 2),
      "o": (c // 2, c),
    }.items():
      setattr(self, name, conv(a, b, 1, bias=False))
    self.gamma = nn.Parameter(torch.tensor(0.0))

  def forward(self, x, y=None):
    return attend(x, self.theta, self.phi, self.g, self.o, self.gamma)


class BgpGBlock(nn.Module):
  def __init__(self, a, b, norm, normed):
    super().__init__()
    self.conv1, self.conv2 = (
      conv(a, b, normed=normed),
      conv(b, b, normed=normed),
    )
    self.conv_sc = conv(a, b, 1, normed=normed)
    self.bn1, self.bn2 = norm(a), norm(b)

  def forward(self, x, y):
    h = F.interpolate(F.relu(self.bn1(x, y)), scale_factor=2)
    h = self.conv2(F.relu(self.bn2(self.conv1(h), y)))
    return h + self.conv_sc(F.interpolate(x, scale_factor=2))


class BgpDeepGBlock(nn.Module):
  def __init__(self, a, b, norm, up):
    super().__init__()
    c = a // 4
    self.conv1, self.conv4 = conv(a, c, 1), conv(c, b, 1)
    self.conv2, self.conv3 = conv(c, c), conv(c, c)
    self.bn1, self.bn2, self.bn3, self.bn4 = norm(a), norm(c), norm(c), norm(c)
    self.up, self.b = up, b

  def forward(self, x, y):
    h = F.relu(self.bn2(self.conv1(F.relu(self.bn1(x, y))), y))
    x = x[:, : self.b]
    if self.up:
      h, x = F.interpolate(h, scale_factor=2), F.interpolate(x, scale_factor=2)
    h = self.conv3(F.relu(self.bn3(self.conv2(h), y)))
    return x + self.conv4(F.relu(self.bn4(h, y)))


class BgpG(nn.Module):
  """BigGAN's G; `shared` has an embedding and chunks of z, else labels only."""

  def __init__(self, widths, attention=None, shared=True, normed=True):
    super().__init__()
    self.chunks = len(widths) if shared else 1
    z = _Z // self.chunks
    if shared:
      self.shared = nn.Embedding(_CLASSES, _Y)
    y_dim = _Y + z if shared else _CLASSES

    def norm(c):
      return Conditional(c, y_dim, normed, not shared)

    self.linear = Iterated((widths[0] * 16, z), normed=normed)
    self.blocks = nn.ModuleList()
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
      block = [BgpGBlock(a, b, norm, normed)]
      self.blocks.append(
        nn.ModuleList(block + ([Attention(b)] if i == attention else []))
      )
    self.output_layer = nn.Sequential(
      Plain(widths[-1]), nn.ReLU(), conv(widths[-1], 3, normed=normed)
    )

  def forward(self, z, labels):
    zs = z.split(_Z // self.chunks, 1)
    if self.chunks > 1:
      y = self.shared(labels)
      ys = [torch.cat([y, chunk], 1) for chunk in zs[1:]]
    else:
      ys = [labels] * len(self.blocks)
    h = self.linear(zs[0])
    h = h.reshape(len(z), -1, 4, 4)
    for group, y in zip(self.blocks, ys):
      for block in group:
        h = block(h, y)
    return torch.tanh(self.output_layer(h))


class BgpDeepG(nn.Module):
  def __init__(self, widths, attention):
    super().__init__()
    self.shared = nn.Embedding(_CLASSES, _Y)
    self.linear = Iterated((widths[0] * 16, _Y + _Z))
    self.blocks = nn.ModuleList()
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
      group = [
        BgpDeepGBlock(a, a, lambda c: Conditional(c, _Y + _Z, True), False),
        BgpDeepGBlock(a, b, lambda c: Conditional(c, _Y + _Z, True), True),
      ]
      group += [Attention(b)] if i == attention else []
      self.blocks.append(nn.ModuleList(group))
    self.output_layer = nn.Sequential(
      Plain(widths[-1]), nn.ReLU(), conv(widths[-1], 3)
    )

  def forward(self, z, labels):
    y = torch.cat([self.shared(labels), z], 1)
    h = self.linear(y).reshape(len(z), -1, 4, 4)
    for group in self.blocks:
      for block in group:
        h = block(h, y)
    return torch.tanh(self.output_layer(h))


class BgpDBlock(nn.Module):
  def __init__(self, a, b, first, halves):
    super().__init__()
    self.conv1, self.conv2 = conv(a, b), conv(b, b)
    if a != b or halves:
      self.conv_sc = conv(a, b, 1)
    self.first, self.halves = first, halves

  def forward(self, x):
    h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
    x = self.conv_sc(x) if hasattr(self, "conv_sc") else x
    return F.avg_pool2d(h + x, 2) if self.halves else h + x


class BgpDeepDBlock(nn.Module):
  def __init__(self, a, b, halves):
    super().__init__()
    c = b // 4
    self.conv1, self.conv4 = conv(a, c, 1), conv(c, b, 1)
    self.conv2, self.conv3 = conv(c, c), conv(c, c)
    if a != b:
      self.conv_sc = conv(a, b - a, 1)
    self.halves = halves

  def forward(self, x):
    h = self.conv2(F.relu(self.conv1(F.relu(x))))
    h = F.relu(self.conv3(F.relu(h)))
    if self.halves:
      h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
    if hasattr(self, "conv_sc"):
      x = torch.cat([x, self.conv_sc(x)], 1)
    return self.conv4(h) + x


class BgpD(nn.Module):
  def __init__(self, groups, width, input_conv=None):
    super().__init__()
    if input_conv:
      self.input_conv = input_conv
    self.blocks = nn.ModuleList([nn.ModuleList(group) for group in groups])
    self.linear = Iterated((1, width))
    self.embed = Iterated((_CLASSES, width), False)

  def forward(self, x, labels):
    x = self.input_conv(x) if hasattr(self, "input_conv") else x
    for group in self.blocks:
      for block in group:
        x = block(x)
    h = F.relu(x).sum([2, 3])
    return self.linear(h) + (self.embed.rows(labels) * h).sum(1, keepdim=True)


def bgp_d(widths, halvings, attention):
  pairs = list(zip([3, *widths], widths))
  groups = [
    [BgpDBlock(a, b, i == 0, i < halvings)]
    + ([Attention(b)] if i == attention else [])
    for i, (a, b) in enumerate(pairs)
  ]
  return BgpD(groups, widths[-1])


def bgp_deep_d(widths, attention):
  groups = [
    [BgpDeepDBlock(a, b, True), BgpDeepDBlock(b, b, False)]
    + ([Attention(b)] if i == attention else [])
    for i, (a, b) in enumerate(zip(widths, widths[1:]))
  ]
  return BgpD(groups, widths[-1], conv(3, widths[0]))


# ---- StudioGAN ---------------------------------------------------------------


def sn(layer):
  return nn.utils.spectral_norm(layer, eps=1e-6)


def sg_conv(a, b, size=3, bias=True, normed=True):
  layer = nn.Conv2d(a, b, size, padding=size // 2, bias=bias)
  return sn(layer) if normed else layer


class SgConditional(nn.Module):
  def __init__(self, channels, y_dim, normed=True):
    super().__init__()
    self.bn = nn.BatchNorm2d(channels, eps=1e-4, affine=False)
    linear = (lambda x: sn(x)) if normed else (lambda x: x)
    self.gain = linear(nn.Linear(y_dim, channels, bias=False))
    self.bias = linear(nn.Linear(y_dim, channels, bias=False))

  def forward(self, x, y):
    gain, bias = 1 + self.gain(y), self.bias(y)
    return self.bn(x) * gain[:, :, None, None] + bias[:, :, None, None]


class SgPlain(nn.BatchNorm2d):
  def __init__(self, channels):
    super().__init__(channels, eps=1e-4)

  def forward(self, x, y=None):
    return super().forward(x)


class SgAttention(nn.Module):
  def __init__(self, c):
    super().__init__()
    self.conv1x1_theta = sg_conv(c, c // 8, 1, False)
    self.conv1x1_phi = sg_conv(c, c // 8, 1, False)
    self.conv1x1_g = sg_conv(c, c // 2, 1, False)
    self.conv1x1_attn = sg_conv(c // 2, c, 1, False)
    self.sigma = nn.Parameter(torch.zeros(1))

  def forward(self, x):
    return attend(
      x,
      self.conv1x1_theta,
      self.conv1x1_phi,
      self.conv1x1_g,
      self.conv1x1_attn,
      self.sigma,
    )


class SgGBlock(nn.Module):
  def __init__(self, a, b, norm, normed):
    super().__init__()
    self.bn1, self.bn2 = norm(a), norm(b)
    self.conv2d0 = sg_conv(a, b, 1, normed=normed)
    self.conv2d1 = sg_conv(a, b, normed=normed)
    self.conv2d2 = sg_conv(b, b, normed=normed)

  def forward(self, x, y):
    h = F.interpolate(F.relu(self.bn1(x, y)), scale_factor=2)
    h = self.conv2d2(F.relu(self.bn2(self.conv2d1(h), y)))
    return h + self.conv2d0(F.interpolate(x, scale_factor=2))


class SgDeepGBlock(nn.Module):
  def __init__(self, a, b, norm, up):
    super().__init__()
    c = a // 4
    self.bn1, self.bn2, self.bn3, self.bn4 = norm(a), norm(c), norm(c), norm(c)
    self.conv2d1, self.conv2d4 = sg_conv(a, c, 1), sg_conv(c, b, 1)
    self.conv2d2, self.conv2d3 = sg_conv(c, c), sg_conv(c, c)
    self.up, self.b = up, b

  def forward(self, x, y):
    h = F.relu(self.bn2(self.conv2d1(F.relu(self.bn1(x, y))), y))
    x = x[:, : self.b]
    if self.up:
      h, x = F.interpolate(h, scale_factor=2), F.interpolate(x, scale_factor=2)
    h = self.conv2d3(F.relu(self.bn3(self.conv2d2(h), y)))
    return x + self.conv2d4(F.relu(self.bn4(h, y)))


class SgG(nn.Module):
  """`kind`: "big" (chunks of z), "deep" ([y, z] everywhere) or "plain"."""

  def __init__(self, widths, kind, attention=None):
    super().__init__()
    self.kind = kind
    normed = kind != "plain"
    self.chunk = _Z // len(widths) if kind == "big" else _Z
    y_dim = _Y + self.chunk
    z_dim = {"big": self.chunk, "deep": y_dim, "plain": _Z}[kind]
    linear = nn.Linear(z_dim, widths[0] * 16)
    self.linear0 = sn(linear) if normed else linear
    if normed:
      self.shared = nn.Embedding(_CLASSES, _Y)
    norm = (lambda c: SgConditional(c, y_dim)) if normed else SgPlain
    self.blocks = nn.ModuleList()
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
      if kind == "deep":
        self.blocks.append(nn.ModuleList([SgDeepGBlock(a, a, norm, False)]))
        self.blocks.append(nn.ModuleList([SgDeepGBlock(a, b, norm, True)]))
      else:
        self.blocks.append(nn.ModuleList([SgGBlock(a, b, norm, normed)]))
      if i == attention:
        self.blocks.append(nn.ModuleList([SgAttention(b)]))
    self.bn4 = SgPlain(widths[-1])
    self.conv2d5 = sg_conv(widths[-1], 3, normed=normed)

  def forward(self, z, labels):
    if self.kind == "plain":
      ys = iter([None] * len(self.blocks))
      h = self.linear0(z)
    elif self.kind == "big":
      z0, *zs = z.split(self.chunk, 1)
      y = self.shared(labels)
      ys = iter([torch.cat([y, chunk], 1) for chunk in zs])
      h = self.linear0(z0)
    else:
      y = torch.cat([self.shared(labels), z], 1)
      ys = iter([y] * len(self.blocks))
      h = self.linear0(y)
    h = h.reshape(len(z), -1, 4, 4)
    for (block,) in self.blocks:
      h = block(h) if isinstance(block, SgAttention) else block(h, next(ys))
    return torch.tanh(self.conv2d5(F.relu(self.bn4(h))))


class SgDBlock(nn.Module):
  def __init__(self, a, b, first, halves):
    super().__init__()
    if a != b or halves:
      self.conv2d0 = sg_conv(a, b, 1)
    self.conv2d1, self.conv2d2 = sg_conv(a, b), sg_conv(b, b)
    self.first, self.halves = first, halves

  def forward(self, x):
    x = x if self.first else F.relu(x)  # in place there
    h = self.conv2d2(F.relu(self.conv2d1(x)))
    x = self.conv2d0(x) if hasattr(self, "conv2d0") else x
    return F.avg_pool2d(h + x, 2) if self.halves else h + x


class SgD(nn.Module):
  def __init__(self, widths, halvings, attention):
    super().__init__()
    self.blocks = nn.ModuleList()
    for i, (a, b) in enumerate(zip([3, *widths], widths)):
      self.blocks.append(nn.ModuleList([SgDBlock(a, b, i == 0, i < halvings)]))
      if i == attention:
        self.blocks.append(nn.ModuleList([SgAttention(b)]))
    self.linear1 = sn(nn.Linear(widths[-1], 1))
    self.embedding = sn(nn.Embedding(_CLASSES, widths[-1]))

  def forward(self, x, labels):
    for (block,) in self.blocks:
      x = block(x)
    h = F.relu(x).sum([2, 3])
    return self.linear1(h) + (self.embedding(labels) * h).sum(1, keepdim=True)


class SgDcganBlock(nn.Module):
  def __init__(self, a, b):
    super().__init__()
    self.deconv0 = nn.ConvTranspose2d(a, b, 4, 2, 1)
    self.bn0 = SgPlain(b)

  def forward(self, x):
    return F.relu(self.bn0(self.deconv0(x)))


class SgDcgan(nn.Module):
  def __init__(self, widths):
    super().__init__()
    self.linear0 = nn.Linear(_Z, widths[0] * 16)
    self.blocks = nn.ModuleList(
      [nn.ModuleList([SgDcganBlock(a, b)]) for a, b in zip(widths, widths[1:])]
    )
    self.conv4 = nn.Conv2d(widths[-1], 3, 3, padding=1)

  def forward(self, z, labels):
    h = self.linear0(z).reshape(len(z), -1, 4, 4)
    for (block,) in self.blocks:
      h = block(h)
    return torch.tanh(self.conv4(h))


# ---- mimicry -----------------------------------------------------------------


class MimicryNormed(Iterated):
  u_name, sigma_name = "sn_u", "sn_sigma"


class MimicryConditional(nn.Module):
  def __init__(self, channels):
    super().__init__()
    self.bn = nn.BatchNorm2d(channels, affine=False)
    self.embed = nn.Embedding(_CLASSES, 2 * channels)

  def forward(self, x, y):
    gamma, beta = self.embed(y).chunk(2, 1)
    return gamma[:, :, None, None] * self.bn(x) + beta[:, :, None, None]


class MimicryPlain(nn.BatchNorm2d):
  def forward(self, x, y=None):
    return super().forward(x)


def grow(x):
  return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class MimicryGBlock(nn.Module):
  def __init__(self, a, b, norm):
    super().__init__()
    self.c1, self.c2 = nn.Conv2d(a, b, 3, 1, 1), nn.Conv2d(b, b, 3, 1, 1)
    self.b1, self.b2 = norm(a), norm(b)
    self.c_sc = nn.Conv2d(a, b, 1)

  def forward(self, x, y):
    h = self.c1(grow(F.relu(self.b1(x, y))))
    return self.c2(F.relu(self.b2(h, y))) + self.c_sc(grow(x))


class MimicryG(nn.Module):
  def __init__(self, widths, bottom=4, conditional=False):
    super().__init__()
    norm = MimicryConditional if conditional else MimicryPlain
    self.bottom, self.count = bottom, len(widths) - 1
    self.l1 = nn.Linear(_Z, widths[0] * bottom**2)
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
      setattr(self, f"block{i + 2}", MimicryGBlock(a, b, norm))
    setattr(self, f"b{self.count + 2}", MimicryPlain(widths[-1]))
    setattr(self, f"c{self.count + 2}", nn.Conv2d(widths[-1], 3, 3, 1, 1))

  def forward(self, z, labels):
    h = self.l1(z).reshape(len(z), -1, self.bottom, self.bottom)
    for i in range(self.count):
      h = getattr(self, f"block{i + 2}")(h, labels)
    h = F.relu(getattr(self, f"b{self.count + 2}")(h))
    return torch.tanh(getattr(self, f"c{self.count + 2}")(h))


class MimicryDBlock(nn.Module):
  def __init__(self, a, b, first, halves):
    super().__init__()
    self.c1 = MimicryNormed((b, a, 3, 3))
    self.c2 = MimicryNormed((b, b, 3, 3))
    if a != b or halves:
      self.c_sc = MimicryNormed((b, a, 1, 1))
    self.first, self.halves = first, halves

  def forward(self, x):
    x = x if self.first else F.relu(x)  # in place there
    h = self.c2(F.relu(self.c1(x)))
    x = self.c_sc(x) if hasattr(self, "c_sc") else x
    return F.avg_pool2d(h + x, 2) if self.halves else h + x


class MimicryD(nn.Module):
  def __init__(self, width, projection):
    super().__init__()
    for i in range(4):
      block = MimicryDBlock(width if i else 3, width, i == 0, i < 2)
      setattr(self, f"block{i + 1}", block)
    self.l5 = MimicryNormed((1, width))
    if projection:
      self.l_y = MimicryNormed((_CLASSES, width), False)

  def forward(self, x, labels):
    for i in range(4):
      x = getattr(self, f"block{i + 1}")(x)
    h = F.relu(x).sum([2, 3])
    out = self.l5(h)
    if hasattr(self, "l_y"):
      out = out + (self.l_y.rows(labels) * h).sum(1, keepdim=True)
    return out


# ---- Recording ---------------------------------------------------------------

_BIG = [8, 8, 8, 8]
_DEEP = [64, 64, 32, 16, 8]
_CASES = {
  "biggan_pytorch/G": (lambda: BgpG(_BIG, attention=1), 0),
  "biggan_pytorch/D": (lambda: bgp_d(_BIG, 2, attention=0), 32),
  "biggan_pytorch/G_labels": (
    lambda: BgpG(_BIG, shared=False, normed=False),
    0,
  ),
  "biggan_pytorch/deep_G": (lambda: BgpDeepG(_DEEP, attention=3), 0),
  "biggan_pytorch/deep_D": (
    lambda: bgp_deep_d([4, 8, 16, 32, 64, 64], attention=0),
    128,
  ),
  "studiogan/G": (lambda: SgG(_BIG, "big", attention=1), 0),
  "studiogan/D": (lambda: SgD(_BIG, 2, attention=0), 32),
  "studiogan/resnet_G": (lambda: SgG(_BIG, "plain"), 0),
  "studiogan/deep_G": (lambda: SgG(_DEEP, "deep", attention=3), 0),
  "studiogan/dcgan_G": (lambda: SgDcgan([16, 8, 4, 2]), 0),
  "mimicry/G": (lambda: MimicryG(_BIG), 0),
  "mimicry/D": (lambda: MimicryD(8, False), 32),
  "mimicry/G_48": (lambda: MimicryG([16, 8, 4, 2], 6), 0),
  "mimicry/G_classes": (lambda: MimicryG(_BIG, 4, True), 0),
  "mimicry/D_classes": (lambda: MimicryD(8, True), 32),
}


def record(case, make, size):
  """Returns {"shapes": ..., "output": ...} of a network in evaluation."""
  network = make().eval()
  shapes = {
    name: list(tensor.shape) for name, tensor in network.state_dict().items()
  }
  numbers = rule.values(shapes)
  network.load_state_dict(
    {name: torch.from_numpy(array) for name, array in numbers.items()}
  )
  shape = (2, 3, size, size) if size else (2, _Z)
  labels = torch.tensor([0, 2])
  with torch.no_grad():
    output = network(torch.from_numpy(rule.inputs(case, shape)), labels)
  output = output.numpy()
  if not size:
    output = rule.thinned(output.transpose(0, 2, 3, 1))
  return {
    "shapes": shapes,
    "output": [float(np.float32(x)) for x in output.reshape(-1)],
  }


def write_files():
  """Writes a file of torch.save in each format."""
  layer = nn.Conv2d(2, 3, 1)
  with torch.no_grad():
    layer.weight.copy_(torch.arange(6.0).reshape(3, 2, 1, 1))
    layer.bias.copy_(torch.tensor([0.5, -1.0, 2.0]))
  content = collections.OrderedDict(
    state_dict=layer.state_dict(),
    step=7,
    best=np.float64(3.5),
    turned=torch.arange(6).reshape(2, 3).t(),
    slice=torch.arange(10.0)[3:7],
    half=torch.arange(4).half(),
    bfloat16=torch.tensor([1.5, -2.0]).bfloat16(),
    parameter=nn.Parameter(torch.ones(2)),
    empty=torch.zeros(0, 3),
    scalar=torch.tensor(0.25),
    others=[1, "a", None, True, 2.5, (2**40, -1)],
  )
  torch.save(content, _FOLDER / "zip.pth")
  torch.save(content, _FOLDER / "old.pth", _use_new_zipfile_serialization=False)


def main():
  _FOLDER.mkdir(exist_ok=True)
  found = {case: record(case, *more) for case, more in _CASES.items()}
  lines = [f"{json.dumps(case)}: {json.dumps(v)}" for case, v in found.items()]
  text = "{\n" + ",\n".join(lines) + "\n}\n"
  (_FOLDER / "recorded.json").write_text(text)
  write_files()


if __name__ == "__main__":
  main()
