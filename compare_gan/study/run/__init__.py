"""Running a study: the conductor, its journal, and where runs are run."""
