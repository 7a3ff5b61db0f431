"""Charts by matplotlib, quietly: no window, no file of settings, no logs.

matplotlib is imported when a chart is drawn. In an empty home folder it makes
its list of fonts; in a read-only one it does so each time, in a temporary
folder. Neither is logged. A user's MPLCONFIGDIR, style and backend are ignored.
"""

import logging
from typing import Callable

import numpy as np

# Told apart by all common kinds of color vision, as in a study's report.
REAL, FAKE = "#0060a8", "#c2410c"


def draw(width: float, height: float, plot: Callable) -> np.ndarray:
  """Returns a picture uint8 [100 height, 100 width, 3].

  Args:
    width, height: in inches.
    plot: plot(figure) draws on a matplotlib Figure.
  """
  logging.getLogger("matplotlib").setLevel(logging.ERROR)
  import matplotlib
  from matplotlib.backends import backend_agg
  from matplotlib.figure import Figure

  with matplotlib.rc_context(matplotlib.rcParamsDefault):
    figure = Figure(figsize=(width, height), dpi=100)
    canvas = backend_agg.FigureCanvasAgg(figure)
    plot(figure)
    figure.tight_layout()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
