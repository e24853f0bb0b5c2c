"""A convolution's values or taps in the wrong order: a reshape where a transpose belongs, loops the other way round."""

import numpy as np

from course.autograder.checks.conv.variants import forward
from course.autograder.checks.language import Inputs, Mistakes
from course.autograder.checks.language.wrong import mistakes_in

out = mistakes_in("out")


def reshaped_from(i: Inputs, *axes: int) -> np.ndarray:
    """The output's axes moved, and then its shape put on by a reshape."""
    found = forward(i)
    return found.transpose(axes).reshape(found.shape)


def _weight_reshaped(i: Inputs) -> np.ndarray:
    """The kernels' taps dealt out in columns: reshape(-1, O), where the columns of im2col need reshape(O, -1)."""
    o = i["w"].shape[0]
    return forward(i, w=i["w"].reshape(-1, o).T.reshape(i["w"].shape))


def _turned(i: Inputs) -> np.ndarray:
    """The product's columns read as [W', H'], and the two axes swapped after that."""
    found = forward(i)
    n, o, rows, across = found.shape
    return found.reshape(n, o, across, rows).swapaxes(2, 3)


def _taps_of_w_turned(i: Inputs) -> np.ndarray:
    """Each kernel read down its columns, met by windows that are read along their rows."""
    return forward(i, w=i["w"].swapaxes(2, 3).reshape(i["w"].shape))


def _transposed(i: Inputs) -> np.ndarray:
    """The output as it is filled by out[..., j, i], where it is square."""
    found = forward(i)
    return found.swapaxes(2, 3) if found.shape[2] == found.shape[3] else found


REORDERINGS: Mistakes = {
    "output's rows and columns swapped": out(
        "Output row i and column j stand at [..., i, j]; yours at [..., j, i].", _transposed
    ),
    "output as width by height": out(
        "The output is [N, O, H', W']: the last two axes of yours are in each other's place.",
        lambda i: forward(i).swapaxes(2, 3),
    ),
    "windows gone through column by column": out(
        "The values are put into the output row by row: let the loop over its columns be the inner one.",
        lambda i: reshaped_from(i, 0, 1, 3, 2),
    ),
    "windows and channels mixed by a reshape": out(
        "After a transpose the windows stand before the channels: swap them back by transpose, not by reshape.",
        lambda i: reshaped_from(i, 0, 2, 3, 1),
    ),
    "columns folded back as width by height": out(
        "The windows follow the output's rows: fold the columns back as (H', W').", _turned
    ),
    "weight reshaped the wrong way": out(
        "One kernel must become one row, with its taps in the order of the columns: reshape to (O, -1).",
        _weight_reshaped,
    ),
    "weight read in Fortran's order": out(
        "The columns have the kernel's column varying fastest and the channel slowest: reshape w in that order, too.",
        lambda i: forward(i, w=i["w"].transpose(0, 3, 2, 1).reshape(i["w"].shape)),
    ),
    "taps of the weight column by column": out(
        "Within a channel the windows go along their rows, and so must the kernel's taps: reshape w without a swap.",
        _taps_of_w_turned,
    ),
}
