"""All runs: a table that can be sorted, searched and opened."""

from compare_gan.pictures import html_page
from compare_gan.study.report import sections

PLACE = 70
_HTML = """
    <div class="row" id="filters">
      <label>Find <input id="find" type="search" placeholder="words: failed lr=0.0002"></label>
    </div>
    <div class="row">
      <span id="shown" role="status"></span>
      <button id="compare" type="button" disabled>Compare</button>
      <button id="unselect" type="button" disabled>Select none</button>
      <span class="faint">Select two to four runs to see them side by side.</span>
    </div>
    <div id="table" class="scroll" tabindex="0" role="region" aria-label="All runs">
      <table><thead><tr></tr></thead><tbody></tbody></table>
    </div>
    <p id="left-out" class="faint"></p>
  """  # noqa: E501


def section(report: sections.Report) -> sections.Section:
  """Returns the Section."""
  return sections.Section(
    "Runs", html=_HTML, script=html_page.read_beside(__file__, "runs.js")
  )
