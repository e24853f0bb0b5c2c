"""ps2: dropout."""

ASSIGNMENT = "ps2_dropout"
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
