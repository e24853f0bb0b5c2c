"""CIFAR-10 as arrays, where it was fetched: apart from `data`, because Paddle's own reader opens it."""

import hashlib

import numpy as np

from course.languages.saying import said
from course.reference.framework import paddle
from course.teaching.data import Images, data_folder

CIFAR_FILE = "cifar-10-python.tar.gz"


def load_cifar10(judged: int = 2000) -> Images | None:
    """The photographs of CIFAR-10, where `make data` has fetched them; else None.

    The archive is of pickles, so it is opened only where its checksum is the one that Paddle knows.

    Args:
        judged: how many of the test images to judge by.
    """
    known, path = paddle.vision.datasets.cifar, data_folder() / "downloads" / "cifar" / CIFAR_FILE
    if not path.is_file():
        return None
    with path.open("rb") as archive:
        if hashlib.file_digest(archive, "md5").hexdigest() != known.CIFAR10_MD5:
            return None
    parts = [known.Cifar10(str(path), mode=mode, download=False).data for mode in ("train", "test")]
    parts[1] = parts[1][:judged]
    x, x_val = (np.stack([pixels for pixels, _ in part]).astype(np.float32) / 255 for part in parts)
    y, y_val = (np.array([label for _, label in part], dtype=np.int64) for part in parts)
    name = said(f"CIFAR-10, {len(y):,} photographs for training and {len(y_val):,} for testing")
    return Images(name, x, y, x_val, y_val, channels=3)
