"""What a user may have meant by a name that gin does not know."""

from collections.abc import Iterable
import difflib

from compare_gan.checks import known

# What other libraries and papers call it: {their word: our bindings}.
_SYNONYMS = {
  "adam": "@tf.train.AdamOptimizer",
  "amp": "run_config.precision",
  "arch": "options.architecture",
  "attention": "resnet_biggan.Generator.blocks_with_attention",
  "augment": "augmentation.policy",
  "batch": "options.batch_size",
  "batchsize": "options.batch_size",
  "bn": "G.batch_norm_fn, D.batch_norm_fn",
  "channels": "the architecture's ch, such as dcgan.Generator.ch",
  "checkpoint": "options.init_from",
  "classes": "ModularGAN.conditional",
  "clip": "optimizer.clip_norm",
  "conditional": "ModularGAN.conditional",
  "cr": "penalty.terms = [@cr/term()]",
  "d_learning_rate": "ModularGAN.d_lr",
  "d_steps": "options.disc_iters",
  "data": "dataset.name",
  "decay": "ModularGAN.ema_decay, standardize_batch.decay",
  "diffaug": "augmentation.policy",
  "dim": "options.z_dim",
  "ema": "ModularGAN.g_use_ema, ModularGAN.ema_decay",
  "epoch": "options.training_steps, in steps of options.batch_size images",
  "fid": "evaluate.metrics = [@fid]",
  "filters": "the architecture's ch, such as dcgan.Generator.ch",
  "fp16": "run_config.precision",
  "g_learning_rate": "ModularGAN.g_lr",
  "gp": "penalty.fn = @wgangp_penalty",
  "iteration": "options.training_steps",
  "iter": "options.training_steps",
  "lambda": "options.lamba, of penalty.fn, or the weight of a term",
  "lambda_gp": "options.lamba",
  "latent": "options.z_dim",
  "latent_dim": "options.z_dim",
  "latent_size": "options.z_dim",
  "learning_rate": "ModularGAN.g_lr, ModularGAN.d_lr",
  "lr": "ModularGAN.g_lr, ModularGAN.d_lr",
  "max_step": "options.training_steps",
  "metric": "evaluate.metrics",
  "mixed_precision": "run_config.precision",
  "model": "options.architecture, options.gan_class",
  "momentum": "tf.train.AdamOptimizer.beta1",
  "n_critic": "options.disc_iters",
  "n_dis": "options.disc_iters",
  "noise": "z.distribution_fn, options.z_dim",
  "norm": "G.batch_norm_fn, D.batch_norm_fn, D.spectral_norm",
  "normalization": "G.batch_norm_fn, D.batch_norm_fn, D.spectral_norm",
  "num_step": "options.training_steps",
  "nz": "options.z_dim",
  "opt": "ModularGAN.g_optimizer_fn, ModularGAN.d_optimizer_fn",
  "optimizer": "ModularGAN.g_optimizer_fn, ModularGAN.d_optimizer_fn",
  "regularizer": "penalty.fn, penalty.terms",
  "regularization": "penalty.fn, penalty.terms",
  "resolution": "dataset.name; of your own images folder.image_size",
  "sample": "evaluate.num_fake, evaluate.num_real",
  "seed": "run_config.tf_random_seed",
  "sn": "G.spectral_norm, D.spectral_norm",
  "step": "options.training_steps",
  "total_step": "options.training_steps",
  "train_step": "options.training_steps",
  "trainer": "options.gan_class",
  "truncation": "evaluate.truncation",
  "weight_decay": "AdamWOptimizer.weight_decay",
  "width": "the architecture's ch, such as dcgan.Generator.ch",
  "z": "options.z_dim, z.distribution_fn",
}
_MOST = 4  # suggestions


def of_word(word: str) -> list[str]:
  """Returns bindings that a word of another library stands for."""
  key = word.lower().replace("-", "_")
  for form in dict.fromkeys([key, key.rstrip("s"), key.replace("_", "")]):
    if form in _SYNONYMS:
      return [_SYNONYMS[form]]
  return []


def alike(word: str, choices: Iterable[str], cutoff: float = 0.7) -> list[str]:
  """Returns the choices that are written much like a word, the best first."""
  by_key: dict[str, str] = {}
  for choice in choices:
    by_key.setdefault(choice.lower(), choice)
  close = difflib.get_close_matches(word.lower(), by_key, _MOST, cutoff)
  return [by_key[one] for one in close]


def of_configurable(name: str, parameter: str) -> list[str]:
  """Returns bindings that "name.parameter" may mean; gin knows no `name`."""
  names = known.all_names()
  last = {one.rpartition(".")[2]: one for one in names}
  close = alike(name, names) + [
    last[one] for one in alike(name.rpartition(".")[2], last, 0.75)
  ]
  found = [f"{one}.{parameter}" for one in close if _has(one, parameter)]
  words = of_word(parameter) + of_word(name.rpartition(".")[2])
  found = found or words
  return _first(found + owners(parameter)) or words


def of_parameter(one: known.Configurable, parameter: str) -> list[str]:
  """Returns bindings that a parameter may mean that `one` does not have."""
  own = [f"{one.name}.{x}" for x in alike(parameter, one.parameters, 0.65)]
  return _first(own + (of_word(parameter) or owners(parameter)))


def owners(parameter: str) -> list[str]:
  """Returns "name.parameter" of the few configurables that have it."""
  found = [
    f"{name}.{parameter}" for name in known.all_names() if _has(name, parameter)
  ]
  return found if len(found) <= _MOST else []


def of_reference(name: str, members: Iterable[str] = ()) -> list[str]:
  """Returns "@name"s that a reference may mean.

  Args:
    name: without "@".
    members: "@name"s of the kind that the parameter chooses, if it is known.
  """
  members = list(members)
  own = alike(f"@{name}", members, 0.6)
  others = [f"@{one}" for one in alike(name, known.all_names())]
  return _first(own + others) or members


def _has(name, parameter):
  one = known.find_or_none(name)
  return one is not None and parameter in one.parameters


def _first(found):
  return list(dict.fromkeys(found))[:_MOST]


def in_words(found: Iterable[str]) -> str:
  """Returns " Did you mean a, b or c?", "" without suggestions."""
  found = list(found)
  if not found:
    return ""
  *most, last = found
  words = f"{', '.join(most)} or {last}" if most else last
  return f" Did you mean {words}?"
