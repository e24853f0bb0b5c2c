"""ps0: the warm-up."""

# The files that hold its checks, in the order of its notebook.
QUESTIONS = ("functions",)
