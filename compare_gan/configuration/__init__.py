"""Which names gin knows, and how its files are found and read.

gin_files and kinds see every room, since they import everything that gin may
name. gin_text, gin_roles, dotted_path and moved see none, and any room may use
them.
"""

from compare_gan.configuration import moved

__getattr__ = moved.forwarder(__name__)
