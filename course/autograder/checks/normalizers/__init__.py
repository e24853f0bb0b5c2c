"""ps4: normalisers for small batches."""

ASSIGNMENT = "ps4_normalizers"
# The files that hold its checks, in the order of its notebook.
QUESTIONS = (
    "layer",
    "group",
    "group_backward",
    "correction",
    "renorm",
    "renorm_predict",
    "renorm_backward",
    "cross",
    "window",
)
