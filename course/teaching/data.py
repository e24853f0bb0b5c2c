"""The data that the course ships, and the whole of MNIST where it was fetched, as arrays."""

import functools
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.languages.saying import said

SHIPPED = Path(__file__).parents[2] / "data"


def data_folder() -> Path:
    """Where data lies: the environment variable COURSE_DATA, or `data/` beside the package."""
    return Path(os.environ.get("COURSE_DATA") or SHIPPED)


@functools.cache
def _digits_table() -> np.ndarray:
    path = SHIPPED / "digits" / "digits.csv.gz"
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
MNIST_TRAINING_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
SHUFFLE_SEED = (
    20  # the first half of MNIST's test file is easier than the second, so it is mixed before a split
)


@dataclass(frozen=True)
class Images:
    """Images to train on and images to judge by.

    Attributes:
        name: which data this is, in words that can stand in a caption.
        x_train, x_val: float32 [N, D] in 0..1; D is 784 for MNIST, 64 for the shipped digits, 3072 for CIFAR-10.
        y_train, y_val: int64 (N,) in 0..9.
        channels: 1 for grey images; a colour image has three, one after the other.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    channels: int = 1

    @property
    def side(self) -> int:
        """Height and width of an image in pixels."""
        return round((self.x_train.shape[1] / self.channels) ** 0.5)


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


def _pixels_and_labels(folder: Path, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """x: float32 [N, 784] in 0..1; y: int64 (N,)."""
    pixels, labels = (read_idx(folder / name) for name in names)
    return pixels.reshape(len(pixels), -1).astype(np.float32) / 255, labels.astype(np.int64)


@functools.cache
def load_mnist(validation: int = 2000) -> Images:
    """The 10,000 images of MNIST's test file, which ship with the course, mixed and split.

    The test file alone is read: it is small, and enough for the course's studies. A number reached on this
    split is therefore no MNIST test accuracy.

    Args:
        validation: how many of the images are kept to judge by.
    """
    x, y = _pixels_and_labels(SHIPPED / "mnist", MNIST_FILES)
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(y))
    x, y, kept = x[order], y[order], len(y) - validation
    name = said(f"MNIST test file, {kept:,} for training and {validation:,} for validation")
    return Images(name, x[:kept], y[:kept], x[kept:], y[kept:])


@functools.cache
def load_largest_mnist() -> Images:
    """The whole of MNIST as it is usually split, where `make data` has fetched it; else what ships, as `load_mnist`."""
    folder = data_folder() / "downloads" / "mnist"
    if not all((folder / name).is_file() for name in (*MNIST_TRAINING_FILES, *MNIST_FILES)):
        return load_mnist()
    x, y = _pixels_and_labels(folder, MNIST_TRAINING_FILES)
    x_val, y_val = _pixels_and_labels(folder, MNIST_FILES)
    name = said(f"the whole of MNIST, {len(y):,} for training and {len(y_val):,} for testing")
    return Images(name, x, y, x_val, y_val)


def shipped_digits() -> Images:
    """The small digits of `load_digits` as float32 `Images`: for what should take seconds."""
    x, y, x_val, y_val = load_digits()
    return Images(said("UCI digits, 8 x 8"), x.astype(np.float32), y, x_val.astype(np.float32), y_val)
