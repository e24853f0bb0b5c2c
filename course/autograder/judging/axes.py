"""What the first two axes of an output run over, in words: samples and channels of images, kernels of weights."""

import re

KERNELS = re.compile(r"d?w|W\d*|(.*_)?weight|converted")
CHANNELS = re.compile(r"d?(gamma|beta|b)\d*|folded_bias")
MATRICES = re.compile(r"d?w|W\d*|converted|.*_gradient|(bias|output|weight)_shape|operations|parameters")


def axis_words(path: str, ndim: int) -> tuple[str, str]:
    """One slice along the first axis, and one along the second, as they are called.

    Args:
        path: of the output; what stands behind its last dot tells what it is.
        ndim: how many axes it has.
    """
    name = path.rpartition(".")[2]
    if ndim < 2:
        return ("channel" if CHANNELS.fullmatch(name) else "value"), ""
    if ndim == 2:
        return ("row" if MATRICES.fullmatch(name) else "sample"), "column"
    if KERNELS.fullmatch(name):
        return "kernel", "input channel"
    return "sample", "row" if name == "columns" else "channel"
