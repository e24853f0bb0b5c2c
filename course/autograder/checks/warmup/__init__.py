"""ps0: the warm-up."""

ASSIGNMENT = "ps0_warmup"
# The files that hold its checks, in the order of its notebook.
QUESTIONS = ("functions",)
