"""The gin module under which existing files know the layers.

Bindings such as `standardize_batch.decay` are found by their last parts, but
some files write `arch_ops.weights.initializer`: the module path is kept.
"""

ARCH_OPS = "compare_gan.architectures.arch_ops"
