"""Layers: one subject a file; none of them needs Keras.

They may import context/ alone. Normalisers are chosen by `G.batch_norm_fn` and
have the interface of batch_norm.py; parametrisations of weights are chosen by
`G.kernel_fn` and have that of kernel.py. Your own can be in any file.
"""
