"""ps1: batch normalisation."""

ASSIGNMENT = "ps1_batchnorm"
# The files that hold its checks, in the order of its notebook.
QUESTIONS = (
    "pieces",
    "forward",
    "running",
    "eval_mode",
    "backward",
    "spatial",
    "spatial_backward",
    "fold",
    "block",
    "block_backward",
    "net",
)
