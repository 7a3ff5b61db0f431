"""Studies: from one gin file to a report, see docs/studies.md.

define/ plans the runs, run/ runs them, and report/ reads their results. Each
run is a process of compare_gan.main. Before it starts, define/ and run/ look at
the GAN that it will train, through configuration/, datasets/, evaluation/,
memory/ and storage/.
"""

from compare_gan.configuration import moved

__getattr__ = moved.forwarder(__name__)
