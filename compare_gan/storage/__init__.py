"""Whatever must not be lost: small files that are whole or absent, and locks.

Sees no other room. Every call that touches the disk goes through `files.call`,
so that one test can make each of them fail. A new kind of file is a new module.
"""
