"""What users see of a command: our lines, and one sentence for an error.

It sees no other room; main.py and the commands call `begin` when they start.
"""

from compare_gan.console.arguments import expand_homes
from compare_gan.console.arguments import seed
from compare_gan.console.arguments import whole
from compare_gan.console.messages import is_mendable
from compare_gan.console.messages import mark_shown
from compare_gan.console.messages import sentence
from compare_gan.console.reader import READER_GONE
from compare_gan.console.reader import reader_is_gone
from compare_gan.console.start import begin
from compare_gan.console.start import log_plainly
from compare_gan.console.start import users_environment
from compare_gan.console.start import without_keras

__all__ = [
  "READER_GONE",
  "begin",
  "expand_homes",
  "is_mendable",
  "log_plainly",
  "mark_shown",
  "reader_is_gone",
  "seed",
  "sentence",
  "users_environment",
  "whole",
  "without_keras",
]
