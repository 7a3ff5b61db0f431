"""Ascend NPUs: the card and its options, noise from the host, what can be run.

This room sees the leaves and the rest of devices/. Nothing else knows how an
NPU works. docs/npu.md explains how to train on one.
"""

from compare_gan.estimator.devices.npu.kind import Kind  # noqa: F401
