"""Studies: from one gin file to a report, see docs/studies.md.

define says what is to be run, run does it, and report reads what has come out.
Runs are processes of compare_gan.main; a plan looks at what they will be.
"""

from compare_gan.configuration import moved

__getattr__ = moved.forwarder(__name__)
