"""PyTorch's training step of resnet_cifar10.gin, as a program of in_turn.

The networks are those of https://arxiv.org/abs/1802.05957, table 4, in the form
of compare_gan: up-sampling inserts zeros before a convolution, down-sampling
averages after one, shortcuts are 3x3 convolutions. Spectral norm, five updates
of D to one of G, the non-saturating loss, Adam.

  python torch_resnet_cifar.py '{"batch": 64, "precision": "bfloat16", ...}'
"""

import contextlib
import functools
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

_D_UPDATES = 5


def unpool(x):
  """Doubles the size by inserting zeros."""
  n, channels, height, width = x.shape
  y = x.new_zeros(n, channels, 2 * height, 2 * width)
  y = y.contiguous(memory_format=torch.channels_last)
  y[:, :, ::2, ::2] = x
  return y


def identity(x):
  return x


_SCALES = {
  "up": (unpool, identity),
  "down": (identity, functools.partial(functional.avg_pool2d, kernel_size=2)),
  "none": (identity, identity),
}


class Block(nn.Module):
  """norm, relu, conv, norm, relu, conv, plus a convolved shortcut."""

  def __init__(self, in_channels, channels, scale, in_generator):
    super().__init__()
    normed = identity if in_generator else parametrizations.spectral_norm

    def conv(in_channels):
      return normed(nn.Conv2d(in_channels, channels, 3, padding=1))

    self.norms = nn.ModuleList(
      [
        nn.BatchNorm2d(width) if in_generator else nn.Identity()
        for width in (in_channels, channels)
      ]
    )
    self.convs = nn.ModuleList([conv(in_channels), conv(channels)])
    self.shortcut = conv(in_channels)
    before, after = _SCALES[scale]
    plain = identity, identity
    # Generators change the size in the first convolution, the others in the
    # second.
    self.scales = [(before, after), plain]
    if not in_generator:
      self.scales = [plain, (before, after)]
    self.shortcut_scale = before, after

  def forward(self, x):
    y = x
    for norm, conv, (before, after) in zip(self.norms, self.convs, self.scales):
      y = after(conv(before(functional.relu(norm(y)))))
    before, after = self.shortcut_scale
    return y + after(self.shortcut(before(x)))


class Generator(nn.Module):
  def __init__(self, z_dim, channels):
    super().__init__()
    self.channels = channels
    self.first = nn.Linear(z_dim, 4 * 4 * channels)
    self.blocks = nn.Sequential(
      *[Block(channels, channels, "up", True) for _ in range(3)]
    )
    self.norm = nn.BatchNorm2d(channels)
    self.last = nn.Conv2d(channels, 3, 3, padding=1)

  def forward(self, z):
    x = self.first(z).view(-1, self.channels, 4, 4)
    x = self.blocks(x.contiguous(memory_format=torch.channels_last))
    return torch.sigmoid(self.last(functional.relu(self.norm(x))))


class Discriminator(nn.Module):
  def __init__(self, channels):
    super().__init__()
    self.blocks = nn.Sequential(
      Block(3, channels, "down", False),
      Block(channels, channels, "down", False),
      Block(channels, channels, "none", False),
      Block(channels, channels, "none", False),
    )
    self.last = parametrizations.spectral_norm(nn.Linear(channels, 1))

  def forward(self, images):
    return self.last(functional.relu(self.blocks(images)).mean([2, 3]))


def trainable(network):
  """Returns how many numbers an optimizer changes."""
  return sum(each.numel() for each in network.parameters())


class Step:
  """Five updates of D and one of G.

  Args:
    batch: images of an update.
    z_dim, g_channels, d_channels: sizes of the networks.
    precision: "float32" or "bfloat16".
    compiled: whether torch.compile translates the networks.
    device: "cpu" or "cuda".
  """

  def __init__(
    self, batch, z_dim, g_channels, d_channels, precision, compiled, device
  ):
    self.device = device
    make = functools.partial(torch.nn.Module.to, device=device)
    self.generator = make(Generator(z_dim, g_channels))
    self.discriminator = make(Discriminator(d_channels))
    self.parameters = {
      "generator": trainable(self.generator),
      "discriminator": trainable(self.discriminator),
    }
    for network in (self.generator, self.discriminator):
      network.to(memory_format=torch.channels_last)
    self.g, self.d = self.generator, self.discriminator
    if compiled:
      self.g, self.d = torch.compile(self.g), torch.compile(self.d)
    adam = functools.partial(torch.optim.Adam, lr=0.0002, betas=(0.5, 0.999))
    self.g_adam = adam(self.generator.parameters())
    self.d_adam = adam(self.discriminator.parameters())
    images = torch.rand(batch, 3, 32, 32, device=device)
    self.images = images.contiguous(memory_format=torch.channels_last)
    self.z_shape = batch, z_dim
    self.lower = contextlib.nullcontext()
    if precision != "float32":
      dtype = getattr(torch, precision)
      self.lower = torch.autocast(device, dtype)

  def _z(self):
    return torch.randn(*self.z_shape, device=self.device)

  def _update_d(self):
    with self.lower:
      with torch.no_grad():
        fakes = self.g(self._z())
      both = torch.cat([self.images, fakes.to(self.images.dtype)])
      real, fake = self.d(both).float().chunk(2)
    loss = functional.softplus(-real).mean() + functional.softplus(fake).mean()
    self.d_adam.zero_grad(set_to_none=True)
    loss.backward()
    self.d_adam.step()

  def _update_g(self):
    with self.lower:
      fake = self.d(self.g(self._z())).float()
    loss = functional.softplus(-fake).mean()
    self.g_adam.zero_grad(set_to_none=True)
    loss.backward()
    self.g_adam.step()
    return loss

  def __call__(self, steps):
    """Runs steps, and waits until they are done."""
    for _ in range(steps):
      for _ in range(_D_UPDATES):
        self._update_d()
      loss = self._update_g()
    return float(loss.detach())


def main(settings):
  """Answers as a program of in_turn does; it cannot import that module."""
  settings = dict(settings)
  steps, threads = settings.pop("steps"), settings.pop("threads", None)
  if threads:
    torch.set_num_threads(threads)
  step = Step(**settings)

  def seconds_per_step(steps):
    began = time.perf_counter(), time.process_time()
    step(steps)
    return [
      (time.perf_counter() - began[0]) / steps,
      (time.process_time() - began[1]) / steps,
    ]

  def say(answer):
    print(json.dumps(answer), file=sys.stderr, flush=True)

  first = seconds_per_step(1)[0]
  seconds_per_step(steps)
  version = f"PyTorch {torch.__version__}"
  say(
    {"first_step_s": first, "parameters": step.parameters, "version": version}
  )
  for _ in sys.stdin:
    say({"seconds": seconds_per_step(steps)})


if __name__ == "__main__":
  main(json.loads(sys.argv[1]))
