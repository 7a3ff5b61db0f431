"""Runs a study: the conductor, the files that it keeps, and the executors.

The files of a study are read without gin or TensorFlow. May import define/,
memory/ and storage/. Add a place to run trainings as a file in executors/.
"""
