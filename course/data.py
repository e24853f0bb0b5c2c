"""The data that the course ships, as arrays."""

import functools
import gzip
import os
from pathlib import Path

import numpy as np


def data_folder() -> Path:
    """Where data lies: the environment variable COURSE_DATA, or `data/` beside the package."""
    return Path(os.environ.get("COURSE_DATA") or Path(__file__).parent.parent / "data")


@functools.cache
def _digits_table() -> np.ndarray:
    path = Path(__file__).parent.parent / "data" / "digits" / "digits.csv.gz"
    with gzip.open(path, "rt") as lines:
        return np.loadtxt(lines, delimiter=",", dtype=np.int64)


def load_digits(test_share: float = 0.25) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The UCI handwritten digits: (x_train, y_train, x_test, y_test).

    Args:
        test_share: the part kept for testing: the last images of the file, so that writers do not mix evenly
            and the split is the same for everyone.

    Returns:
        x: float64 [N, 64] in 0..1; y: int64 (N,) in 0..9.
    """
    table = _digits_table()
    x, y = table[:, :64] / 16.0, table[:, 64].copy()
    kept = round(len(y) * (1 - test_share))
    return x[:kept], y[:kept], x[kept:], y[kept:]
