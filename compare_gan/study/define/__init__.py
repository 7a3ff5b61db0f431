"""What a study is: its file, axes, cells and searches, and the plan of runs."""
