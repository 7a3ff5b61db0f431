"""Is a configuration right? Asked before the first step; and what it means.

  check.find(files, lines)              what is wrong: a list of Findings
  check.require(files, lines, strict)   the same, raised or printed (main.py)
  study_check.find(path, lines)         of a study: its base, axes and cells
  explanation.explain(files, lines)     every parameter in force, and why

How a configuration is checked, each step with the text of the one before:

  bindings.py       reads files and lines without applying them: name, value,
                    file, line. What is no gin is a finding, and reading goes on
  names.py          names that gin does not know, with what was meant
                    (suggestions.py: spelling, and words of other libraries)
  roles.py          values against annotations (values.py), references against
                    the kinds of `compare_gan list`
  repeats.py        what a later line overrides
  reach.py          what nothing refers to: another architecture's parameters
  combinations.py   what is missing, and what makes no sense together
  made.py           options, evaluate, run_config and dataset are made; with
                    gan=True the GAN too, without memory for its weights

A check declares nothing twice: types are the annotations of constructors,
ranges stand in them (configuration/accepted.py), kinds are those of kinds.py,
meanings are docstrings, and deeper checks are those of the constructors.
Nothing is allocated, and without gan=True TensorFlow runs no operation, so that
a training can be checked before its devices are set up.

A Finding is an error (the training would stop, or do other than what is
written), a warning (a binding without effect) or a note (an override). This
room sees every other one, and only main.py and commands use it. To check more,
write a generator of Findings and add it to check.py.
"""
