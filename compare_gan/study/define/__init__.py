"""What a study is: its file, axes, cells and searches, and the plan of runs.

May import configuration/, datasets/, evaluation/ and storage/ to look at what
the runs will be, and run/table. Add a way to choose settings as a file in
search/.
"""
