"""ps1: batch normalisation."""

# The files that hold its checks, in the order of its notebook.
QUESTIONS = ("pieces", "forward", "backward", "spatial", "net")
