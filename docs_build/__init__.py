"""The documentation site: `make docs` builds it into build/site.

  site.py           all pages, then MkDocs, then the checks
  nav.py            which page stands where; a page that is in no group is an
                    error
  pages.py          copies docs/*.md and docs/site/ and turns links of the
                    repository into links of the site
  gin_reference.py  a page for each room: every name that gin knows
  gallery.py        what can be chosen, with formulas (formulas.py), papers and
                    cards
  api_reference.py  a page for each room, which mkdocstrings fills from
                    docstrings without importing the code
  indented_code.py  what is indented in a docstring is shown as code
  listings.py       the pages of cards and of commands
  notebook_pages.py notebooks/*.ipynb as pages, with the outputs of those that
                    notebook_runs.py has run
  site_checks.py    links, anchors, and that nothing is loaded from a network

Nothing that is generated is committed. What a parameter means, accepts and
defaults to comes from `compare_gan.checks`, as in `compare_gan explain`; names
and descriptions come from `compare_gan.configuration.kinds`, as in
`compare_gan list`.
"""
