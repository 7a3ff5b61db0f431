"""Runs a study: the conductor, the files that it keeps, and the executors.

process.py starts and watches a run; forked.py and fork_server.py start it
faster. The files of a study are read without gin or TensorFlow. May import
define/, memory/ and storage/. Add a place to run trainings as a file in
executors/.
"""
