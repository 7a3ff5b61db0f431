"""Studies: from one gin file to a report, see docs/studies.md."""
