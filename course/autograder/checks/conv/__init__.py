"""ps3: shapes, counts and convolution."""

ASSIGNMENT = "ps3_conv"
# The files that hold its checks, in the order of its notebook.
QUESTIONS = (
    "shapes",
    "padding",
    "misfits",
    "pool_shape",
    "parameters",
    "operations",
    "table",
    "forward",
    "backward",
    "columns",
    "pool",
    "field",
)
