"""The data that the course ships, and MNIST where it lies, as arrays."""

import functools
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np


def data_folder() -> Path:
    """Where data lies: the environment variable COURSE_DATA, or `data/` beside the package."""
    return Path(os.environ.get("COURSE_DATA") or Path(__file__).parents[2] / "data")


@functools.cache
def _digits_table() -> np.ndarray:
    path = Path(__file__).parents[2] / "data" / "digits" / "digits.csv.gz"
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


MNIST_FILES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
SHUFFLE_SEED = (
    20  # the first half of MNIST's test file is easier than the second, so it is mixed before a split
)


@dataclass(frozen=True)
class Images:
    """Images to train on and images to judge by.

    Attributes:
        name: which data this is, in words that can stand in a caption.
        x_train, x_val: float32 [N, D] in 0..1; D is 784 for MNIST, 64 for the shipped digits.
        y_train, y_val: int64 (N,) in 0..9.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray

    @property
    def side(self) -> int:
        """Height and width of an image in pixels."""
        return round(self.x_train.shape[1] ** 0.5)


def mnist_folder() -> Path | None:
    """The folder that holds MNIST's test files, or None: `downloads/mnist` or `mnist` in the data folder."""
    places = (data_folder() / "downloads" / "mnist", data_folder() / "mnist")
    return next((p for p in places if all((p / name).is_file() for name in MNIST_FILES)), None)


def read_idx(path: Path) -> np.ndarray:
    """An array of unsigned bytes in the IDX format, gzipped, as MNIST is handed out.

    Raises:
        ValueError: when the file says that it holds something else, or less than it says.
    """
    raw = gzip.decompress(path.read_bytes())
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of unsigned bytes: it starts with {raw[:4].hex(' ')}")
    rank = raw[3]
    shape = tuple(int(n) for n in np.frombuffer(raw, ">i4", rank, offset=4))
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank)
    if values.size != np.prod(shape):
        raise ValueError(f"{path} holds {values.size} values where its header says {shape}")
    return values.reshape(shape)


def load_mnist(validation: int = 2000) -> Images:
    """The 10,000 images of MNIST's test file, mixed and split; or, without them, the shipped digits.

    The test file alone is read: it is small, and enough for the course's studies. A number reached on this
    split is therefore no MNIST test accuracy.

    Args:
        validation: how many of MNIST's images are kept for validation.
    """
    folder = mnist_folder()
    if folder is None:
        x_train, y_train, x_val, y_val = load_digits()
        small = (x.astype(np.float32) for x in (x_train, x_val))
        return Images("UCI digits, 8 x 8", next(small), y_train, next(small), y_val)
    pixels, labels = (read_idx(folder / name) for name in MNIST_FILES)
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(labels))
    x = pixels.reshape(len(pixels), -1)[order].astype(np.float32) / 255
    y = labels[order].astype(np.int64)
    kept = len(y) - validation
    name = f"MNIST test file, {kept:,} for training and {validation:,} for validation"
    return Images(name, x[:kept], y[:kept], x[kept:], y[kept:])
