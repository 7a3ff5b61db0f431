"""The gin module under which existing files know the layers, and what gin may
not set.

Bindings such as `standardize_batch.decay` are found by their last parts, but
some files write `arch_ops.weights.initializer`: the module path is kept.
"""

ARCH_OPS = "compare_gan.architectures.arch_ops"

# What an architecture gives to each of its normalisers; gin sets the rest.
NORM_INPUTS = ["channels", "z_dim", "y_dim", "kernel_fn", "name"]
