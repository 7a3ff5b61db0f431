"""Ascend NPUs: the card and its options, noise from the host, what can be run.

It sees the leaves and the devices that it is a kind of. Nothing else knows how
an NPU works. docs/npu.md is for who trains on one.
"""

from compare_gan.estimator.devices.npu.kind import Kind  # noqa: F401
