"""Tests of compare_gan/estimator/devices: one file each, as there.

What several hosts, cores or cards do together is run by processes, or on
logical CPUs.
"""
