"""Pictures for people: what is drawn, sheets of many images, files.

Sees sampling to get images; what is drawn goes out through picture_files.
"""
