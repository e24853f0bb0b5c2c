"""ps2: dropout."""

# The files that hold its checks, in the order of its notebook.
QUESTIONS = (
    "masks",
    "apply",
    "forward",
    "forward_modes",
    "backward",
    "weights",
    "channels",
    "connections",
    "monte_carlo",
    "net",
)
