"""What users write by mistake, and words that a finding on it must have.

Each case is laid over BASE, or over a base of its own, and is an error unless
its severity says otherwise. `gan` marks what only a constructor of the GAN
sees.
"""

from typing import NamedTuple

BASE = (
  'dataset.name = "shapes16"',
  'options.architecture = "sndcgan_arch"',
  "options.gan_class = @ModularGAN",
  "options.batch_size = 8",
  "options.training_steps = 100",
  "options.z_dim = 8",
  "sndcgan.Generator.ch = 4",
  "sndcgan.Discriminator.ch = 4",
)
CIFAR = (
  'dataset.name = "shapes32"',
  'options.architecture = "resnet_cifar_arch"',
  "options.gan_class = @ModularGAN",
  "options.batch_size = 8",
  "options.training_steps = 100",
  "options.z_dim = 8",
  "resnet_cifar.Generator.ch = 4",
  "resnet_cifar.Discriminator.ch = 4",
)
BIGGAN = (
  'dataset.name = "shapes32"',
  'options.architecture = "resnet_biggan_arch"',
  "options.gan_class = @ModularGAN",
  "options.batch_size = 8",
  "options.training_steps = 100",
  "options.z_dim = 8",
  "ModularGAN.conditional = True",
  "G.batch_norm_fn = @conditional_batch_norm",
  "resnet_biggan.Generator.ch = 4",
  "resnet_biggan.Discriminator.ch = 4",
)


class Wrong(NamedTuple):
  """A mistake."""

  lines: str  # bindings, separated by ";"
  words: tuple[str, ...]  # all of them are in one finding
  severity: str = "error"
  base: tuple[str, ...] = BASE
  gan: bool = False


def _error(lines, *words, base=BASE, gan=False):
  return Wrong(lines, words, "error", base, gan)


def _warning(lines, *words, base=BASE, gan=False):
  return Wrong(lines, words, "warning", base, gan)


_NAMES = (
  _error("optionz.batch_size = 8", "optionz", "options.batch_size?"),
  _error("options.batchsize = 8", "options.batch_size"),
  _error("options.batch_sise = 8", "options.batch_size"),
  _error("options.lr = 0.1", "ModularGAN.g_lr"),
  _error("options.learning_rate = 0.1", "ModularGAN.g_lr"),
  _error("ModularGAN.lr = 0.1", "ModularGAN.g_lr"),
  _error("options.lambda_gp = 10", "options.lamba"),
  _error("penalty.lambda = 10", "options.lamba"),
  _error("options.epochs = 3", "options.training_steps"),
  _error("options.steps = 3", "options.training_steps"),
  _error("options.train_steps = 3", "options.training_steps"),
  _error("options.iterations = 3", "options.training_steps"),
  _error("options.n_critic = 5", "options.disc_iters"),
  _error("options.latent_dim = 8", "options.z_dim"),
  _error("options.nz = 8", "options.z_dim"),
  _error("options.seed = 1", "run_config.tf_random_seed"),
  _error("options.dataset = 'shapes16'", "options has no parameter 'dataset'"),
  _error("options.model = 'dcgan'", "options.architecture"),
  _error("options.arch = 'dcgan_arch'", "options.architecture"),
  _error("options.optimizer = 'adam'", "ModularGAN.g_optimizer_fn"),
  _error("options.fp16 = True", "run_config.precision"),
  _error("G.norm = @batch_norm", "G.batch_norm_fn"),
  _error("G.batchnorm = @batch_norm", "G.batch_norm_fn"),
  _error("D.spectral_normalization = True", "D.spectral_norm"),
  _error("D.sn = True", "D.spectral_norm"),
  _error("ModularGAN.batch_size = 8", "options.batch_size"),
  _error("ModularGAN.ema = True", "ModularGAN.g_use_ema"),
  _error("ModularGAN.use_ema = True", "ModularGAN.g_use_ema"),
  _error("evaluate.metric = [@fid]", "evaluate.metrics"),
  _error("evaluate.num_samples = 100", "evaluate has no parameter"),
  _error("modulargan.g_lr = 0.1", "ModularGAN.g_lr"),
  _error("AdamOptimiser.beta1 = 0.0", "tf.train.AdamOptimizer.beta1"),
  _error("tf.train.Adam.beta1 = 0.0", "beta1"),
  _error("sndcgan.Generator.channels = 4", "sndcgan.Generator.ch"),
  _error("sndcgn.Generator.ch = 4", "sndcgan.Generator.ch"),
  _error("Generator.ch = 4", "can be any of", "dcgan.Generator.ch"),
  _error("ModularGAN.seed = 3", "given by the program"),
  _error("dcgan.Generator.z_dim = 8", "given by the program"),
  _error("loss.fn = @hing", "@hinge"),
  _error("loss.fn = @non_saturatng", "@non_saturating"),
  _error("penalty.fn = @wgan_gp", "@wgangp_penalty"),
  _error("penalty.fn = @gp", "nothing is called @gp"),
  _error("evaluate.metrics = [@FIDD]", "nothing is called @FIDD", "@fid"),
  _error("options.gan_class = @ModularGan", "@ModularGAN"),
  _error("G.batch_norm_fn = @batchnorm", "@batch_norm"),
  _error("options.z_dim = %zdim; z_dim = 8", "%z_dim"),
  _error("options.architecture = 'sndcgan'", "sndcgan_arch"),
  _error("options.architecture = 'resnet_cifar'", "resnet_cifar_arch"),
  _error("options.architecture = 'sndcgn_arch'", "mean 'sndcgan_arch'"),
  _error("dataset.name = 'cifar-10'", "'cifar10'"),
  _error("dataset.name = 'shape16'", "'shapes16'"),
  _error("dataset.name = 'imagenet128'", "'imagenet_128'"),
  _error("import no_such_package.my_loss", "no_such_package"),
)

_SYNTAX = (
  _error("options.z_dim 8", "Couldn't parse", "options.z_dim 8"),
  _error("D.spectral_norm = true", "True"),
  _error("options.architecture = dcgan_arch", '"dcgan_arch"'),
  _error("loss.fn = hinge", "@hinge"),
  _error("evaluate.metrics = [@fid, @kid", "[@fid, @kid"),
  _error("include 'nowhere.gin'", "nowhere.gin"),
)

_TYPES = (
  _error("D.spectral_norm = 'yes'", "'yes'", "True or False"),
  _error("D.spectral_norm = 1", "True or False"),
  _error("ModularGAN.conditional = 'True'", "'True'", "True or False"),
  _error("ModularGAN.conditional = None", "True or False"),
  _error("options.batch_size = '8'", "an int of 1 or more"),
  _error("options.batch_size = 8.0", "an int"),
  _error("options.training_steps = 1e5", "an int"),
  _error("options.z_dim = True", "an int"),
  _error("options.lamba = '10'", "a number of 0 or more"),
  _error("options.architecture = @sndcgan.Generator", "a text in quotes"),
  _error("options.architecture = None", "a text in quotes"),
  _error("ModularGAN.g_lr = '2e-4'", "a number of 0 or more"),
  _error("ModularGAN.g_lr = [0.1, 0.2]", "a number of 0 or more"),
  _error("ModularGAN.g_optimizer_fn = 'adam'", "a reference @name"),
  _error("loss.fn = 'hinge'", "a reference @name"),
  _error("penalty.fn = None", "a reference @name"),
  _error("penalty.terms = @r1", "a list"),
  _error("evaluate.metrics = @fid", "a list"),
  _error("evaluate.metrics = 'fid'", "a list"),
  _error("evaluate.bootstrap = 'no'", "True or False"),
  _error("G.batch_norm_fn = 'batch_norm'", "a reference @name"),
  _error("G.batch_norm_fn = True", "a reference @name"),
  _error("sndcgan.Generator.ch = 4.5", "an int of 1 or more"),
  _error("run_config.hooks = 'MyHook'", "a list"),
  _error("run_config.hooks = [@watchdog]", "the class Settings"),
  _error("run_config.trackers = [@watchdog]", "the class Settings"),
  _error("run_config.precision = 16", "a text in quotes"),
  _error("tf.train.AdamOptimizer.beta1 = '0.5'", "a number"),
  _error("standardize_batch.epsilon = '1e-5'", "a number"),
  _error("weights.initializer = @normal", "'truncated' or 'orthogonal'"),
)

_RANGES = (
  _error("ModularGAN.g_lr = -1.0", "-1.0", "a number of 0 or more"),
  _error("ModularGAN.d_lr = -1e-4", "a number of 0 or more"),
  _error("options.training_steps = -5", "-5", "an int of 0 or more"),
  _error("options.batch_size = 0", "an int of 1 or more"),
  _error("options.z_dim = 0", "an int of 1 or more"),
  _error("options.disc_iters = 0", "an int of 1 or more"),
  _error("options.gen_iters = -1", "an int of 1 or more"),
  _error("options.micro_batches = 0", "an int of 1 or more"),
  _error("options.lamba = -10", "a number of 0 or more"),
  _error("options.d_batches = 'new'", "'fresh' or 'same'"),
  _error("ModularGAN.ema_decay = 1.5", "from 0 to 1"),
  _error("ModularGAN.ema_decay = 9999", "from 0 to 1"),
  _error("ModularGAN.ema_start_step = -1", "an int of 0 or more"),
  _error("g_penalty.weight = -1e-4", "a number of 0 or more"),
  _error(
    "penalty.terms = [@r1/term()]; r1/term.fn = @r1; r1/term.weight = -1.0",
    "r1/term.weight",
    "a number of 0 or more",
  ),
  _error(
    "penalty.terms = [@r1/term()]; r1/term.fn = @r1; r1/term.interval = 0",
    "an int of 1 or more",
  ),
  _error("penalty.lazy_steps = 'lazy'", "'joint' or 'own'"),
  _error("evaluate.split = 'test'", "'eval' or 'train'"),
  _error("evaluate.num_fake = 0", "an int of 1 or more"),
  _error("evaluate.truncation = -0.5", "a number above 0"),
  _error("evaluate.num_train = 0", "an int of 1 or more"),
  _error("dataset.on_error = 'ignore'", "'raise' or 'skip'"),
  _error("run_config.memory_check = 'on'", "'warn', 'refuse' or 'off'"),
  _error("run_config.iterations_per_loop = 0", "an int of 1 or more"),
  _error("run_config.save_checkpoints_steps = 0", "an int of 1 or more"),
  _error("spectral_norm.singular_value = 'both'", "'left', 'right' or 'auto'"),
  _error("spectral_norm.power_iteration_rounds = 0", "an int of 1 or more"),
  _error("standardize_batch.decay = 1.1", "from 0 to 1"),
  _error("group_norm.groups = 0", "an int of 1 or more"),
  _error("sndcgan.Generator.ch = 0", "an int of 1 or more"),
  _error("kid_subsets.size = 1", "an int of 2 or more"),
  _error("run_config.precision = 'float8'", "float8", "float16"),
  _error("options.micro_batches = 3", "does not divide"),
)

_ROLES = (
  _error("penalty.fn = @hinge", "losses", "penalties"),
  _error("loss.fn = @r1_penalty", "penalties", "losses"),
  _error("loss.fn = @tf.train.AdamOptimizer", "optimizers", "losses"),
  _error("evaluate.metrics = [@fid()]", "@fid", "brackets"),
  _error("evaluate.metrics = [@hinge]", "losses", "metrics"),
  _error("evaluate.features = @fid", "metrics", "features"),
  _error("loss.fn = @hinge()", "@hinge", "brackets"),
  _error("options.gan_class = @ModularGAN()", "@ModularGAN", "brackets"),
  _error("options.gan_class = @sndcgan.Generator", "@sndcgan.Generator"),
  _error("ModularGAN.g_optimizer_fn = @hinge", "losses", "optimizers"),
  _error("ModularGAN.g_lr = @hinge", "losses", "schedules"),
  _error(
    "ModularGAN.g_lr = @cosine_schedule; cosine_schedule.base = 0.1; "
    "cosine_schedule.final = 0.0; cosine_schedule.total = 10",
    "@cosine_schedule()",
  ),
  _error("G.batch_norm_fn = @spectral_norm", "kernels", "norms"),
  _error("D.kernel_fn = @batch_norm", "norms", "kernels"),
  _error("penalty.terms = [@r1()]", "@r1", "brackets"),
  _error("penalty.terms = [@hinge]", "losses", "penalties"),
  _error("g_penalty.fn = @hinge", "losses", "penalties"),
  _error("ModularGAN.class_head = @hinge", "losses", "heads"),
  _error(
    "ModularGAN.latent_optimization = @latent_optimization",
    "@latent_optimization()",
  ),
  _error("evaluate.metrics = [@fid, @fid]", "more than once"),
  _error("evaluate.best_by = 'kidd'", "kidd"),
)

_MISSING = (
  _error("", "options.batch_size", "not set", base=BASE[:3] + BASE[4:]),
  _error("", "dataset.name", "not set", base=BASE[1:]),
  _error(
    "ModularGAN.g_lr = @cosine_schedule(); cosine_schedule.final = 0.0; "
    "cosine_schedule.total = 10",
    "cosine_schedule.base",
  ),
  _error("penalty.terms = [@r1/term()]", "r1/term.fn", "not set"),
  _error("dataset.name = 'folder'", "folder.path", "not set"),
)

_WITHOUT_EFFECT = (
  _warning("lr = 0.1", "macro", "ModularGAN.g_lr"),
  _warning("batch_size = 8", "macro"),
  _warning("options.lamba = 10", "@no_penalty"),
  _warning("ModularGAN.ema_decay = 0.99", "g_use_ema"),
  _warning("ModularGAN.fit_label_distribution = True", "conditional"),
  _warning("g_penalty.weight = 1.0", "g_penalty.fn"),
  _warning("augmentation.p = 0.5", "augmentation.policy"),
  _warning("dcgan.Generator.ch = 4", "sndcgan_arch", "sndcgan.Generator"),
  _warning("resnet_biggan.Generator.embed_y = True", "sndcgan_arch"),
  _warning("SSGAN.weight_rotation_loss_d = 2.0", "SSGAN", "@ModularGAN"),
  _warning("lsgan.a = 1.0", "@lsgan"),
  _warning("tf.train.RMSPropOptimizer.decay = 0.5", "RMSPropOptimizer"),
  _warning(
    "ModularGAN.g_optimizer_fn = @tf.train.RMSPropOptimizer; "
    "tf.train.AdamOptimizer.beta1 = 0.5",
    "AdamOptimizer",
  ),
  _warning("inception_score.splits = 5; evaluate.metrics = [@fid]", "@fid"),
  _warning("cosine_schedule.base = 0.1", "@cosine_schedule"),
  _warning("r1/term.weight = 10.0", "@term"),
  _warning(
    "penalty.terms = [@r1/term()]; r1/term.fn = @r1; r2/term.weight = 2.0",
    "@r2/term",
    "@r1/term",
  ),
  _warning("folder.image_size = 32", "shapes16"),
  _warning("loss_scale.initial = 8.0", "float16"),
  _warning("options.z_dim = 16; options.z_dim = 32", "no effect", "32"),
)

_SEEDS = (
  "run_config.tf_random_seed = -1",
  "run_config.tf_random_seed = 4294967296",
  "dataset.seed = -1",
  "evaluate.seed = 4294967296",
  "kid_subsets.seed = -1",
)

_RANGES = (
  *(_error(line, line, "from 0 to 4294967295") for line in _SEEDS),
  _error("run_config.cluster_port = 70000", "from 1 to 65535"),
  _error("watchdog.share = 0.0", "above 0 and 1 or less"),
  _error("vendi.q = -1.0", "0 or more"),
  _error("duplicate_images.quantile = 2.0", "from 0 to 1"),
  _error(
    "loss.fn = @non_saturating; non_saturating.real_target = 2.0", "from 0 to 1"
  ),
  _error(
    "loss.fn = @tfgan.modified_loss; "
    "tfgan.modified_loss.label_smoothing = -1.0",
    "from 0 to 1",
  ),
  _error(
    "ModularGAN.g_optimizer_fn = @tf.train.MomentumOptimizer; "
    "tf.train.MomentumOptimizer.momentum = 2.0",
    "0 or more and below 1",
    gan=True,
  ),
)

_COMBINATIONS = (
  _warning(
    "ModularGAN.g_use_ema = True; ModularGAN.ema_start_step = 200",
    "ema_start_step",
    "100",
  ),
  _warning(
    "penalty.terms = [@r1/term()]; r1/term.fn = @r1; r1/term.weight = 0.0",
    "changes nothing",
  ),
  _error("evaluate.num_real = 20000", "10000 images", "evaluate.num_real"),
  _error("evaluate.num_train = 60000", "50000 images"),
  _error("evaluate.ema = 0.1", "post_hoc_ema.sigma_rel"),
  _error(
    "evaluate.ema = 0.1; evaluate.averaged = False; "
    "post_hoc_ema.sigma_rel = [0.05, 0.1]",
    "averaged",
  ),
)

_OF_A_GAN = (
  _error(
    "ModularGAN.conditional = True; G.batch_norm_fn = @batch_norm",
    "ignores its labels",
    gan=True,
  ),
  _warning(
    "ModularGAN.conditional = True; G.batch_norm_fn = @conditional_batch_norm",
    "ignores the labels",
    base=CIFAR,
    gan=True,
  ),
  _error(
    "options.z_dim = 10; resnet_cifar.Generator.hierarchical_z = True",
    "a multiple of 4",
    base=CIFAR,
    gan=True,
  ),
  _error(
    "resnet_cifar.Generator.embed_y = True",
    "ModularGAN.conditional",
    base=CIFAR,
    gan=True,
  ),
  _warning(
    "resnet_biggan.Generator.blocks_with_attention = 'B9'",
    "B9",
    base=BIGGAN,
    gan=True,
  ),
  _error("options.z_dim = 10", "options.z_dim", base=BIGGAN, gan=True),
  _error(
    "ModularGAN.class_head = @ac_head", "ModularGAN.conditional", gan=True
  ),
  _error(
    "D.spectral_norm = True; D.weight_norm = True", "D.weight_norm", gan=True
  ),
  _error(
    "dataset.name = 'shapes32'",
    "32x32",
    gan=True,
    base=(
      *BASE[:1],
      'options.architecture = "resnet_stl_arch"',
      *BASE[2:6],
    ),
  ),
  _error("options.encoder_architecture = 'dcgan_arch'", "encoder", gan=True),
  _error("options.discriminator_architecture = 'sndgan_arch'", "sndcgan_arch"),
  _error(
    "ModularGAN.experimental_joint_gen_for_disc = True",
    "experimental_force_graph_unroll",
    gan=True,
  ),
  _error("augmentation.policy = 'colour'", "color", gan=True),
  _warning("G/standardize_batch.decay = 0.5", "standardize_batch", gan=True),
  _error("penalty.fn = @joint_r1_penalty", "joint_discriminator", gan=True),
)

ALL = (
  *_NAMES,
  *_SYNTAX,
  *_TYPES,
  *_RANGES,
  *_ROLES,
  *_MISSING,
  *_WITHOUT_EFFECT,
  *_RANGES,
  *_COMBINATIONS,
  *_OF_A_GAN,
)
