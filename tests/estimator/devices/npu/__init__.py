"""Tests of compare_gan/estimator/devices/npu, with a double of npu_device.

training.py is what they train, mutants.py what they get wrong on purpose.
The double itself is tests/npu_double.py.
"""
