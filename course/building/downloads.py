"""MNIST and CIFAR-10, fetched by Paddle into `data/downloads`. The course runs without them."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from course.teaching.data import data_folder

REACHED_WITHIN = 20  # seconds


class NotFetched(Exception):
    """Why data could not be fetched, and what to do, in a sentence."""


@dataclass(frozen=True)
class Download:
    """A file as Paddle knows it; the checksum fixes the content, so the size is known beforehand.

    Attributes:
        dataset: the folder it goes to, `mnist` or `cifar`.
        url, md5: where it is fetched from, and the checksum that Paddle holds it to.
        size: in bytes.
    """

    dataset: str
    url: str
    md5: str
    size: int

    @property
    def path(self) -> Path:
        """Where it lies, or will."""
        return downloads_folder() / self.dataset / self.url.rsplit("/", 1)[-1]

    def here(self) -> bool:
        """Whether it lies there, whole."""
        if not self.path.is_file() or self.path.stat().st_size != self.size:
            return False
        with self.path.open("rb") as content:
            return hashlib.file_digest(content, "md5").hexdigest() == self.md5


def downloads_folder() -> Path:
    """The folder for fetched data: `downloads` where data lies."""
    return data_folder() / "downloads"


def wanted() -> list[Download]:
    """The files of both sets, with addresses and checksums as the installed Paddle has them."""
    from course.reference.framework import paddle  # without the warnings of its first import

    MNIST, cifar = paddle.vision.datasets.MNIST, paddle.vision.datasets.cifar
    return [
        Download("mnist", MNIST.TRAIN_IMAGE_URL, MNIST.TRAIN_IMAGE_MD5, 9_912_422),
        Download("mnist", MNIST.TRAIN_LABEL_URL, MNIST.TRAIN_LABEL_MD5, 28_881),
        Download("mnist", MNIST.TEST_IMAGE_URL, MNIST.TEST_IMAGE_MD5, 1_648_877),
        Download("mnist", MNIST.TEST_LABEL_URL, MNIST.TEST_LABEL_MD5, 4_542),
        Download("cifar", cifar.CIFAR10_URL, cifar.CIFAR10_MD5, 170_498_071),
    ]


def fetch(files: list[Download]) -> Iterator[Download]:
    """Fetch files, one at a time; yields each that has arrived and has the right checksum.

    Raises:
        NotFetched: when one cannot be had.
    """
    from paddle.dataset import common

    with _kept_in(downloads_folder()):
        for file in files:
            try:
                _reach(file)
                common.download(file.url, file.dataset, file.md5)
            except (RuntimeError, OSError, httpx.HTTPError):
                _drop_partial(file)
                raise NotFetched(_advice(file)) from None
            yield file


def _reach(file: Download) -> None:
    """Fail soon where there is no network: Paddle itself would try three times, without a limit of time."""
    httpx.head(file.url, timeout=REACHED_WITHIN)  # by the client that Paddle uses; any answer will do


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Have `paddle.vision.datasets` use this folder in place of the one in the user's home."""
    from paddle.dataset import common

    before, common.DATA_HOME = common.DATA_HOME, os.fspath(folder)
    try:
        yield
    finally:
        common.DATA_HOME = before


def _drop_partial(file: Download) -> None:
    if not file.here():
        file.path.unlink(missing_ok=True)


def _advice(file: Download) -> str:
    return (
        f"{file.path.name} could not be fetched from {urlsplit(file.url).netloc}; lessons run without it, or "
        f"copy the file from a machine with a network to {file.path}"
    )


def read_all() -> dict[str, int]:
    """Open both sets through `paddle.vision.datasets`: the number of images in each part."""
    from paddle.vision.datasets import MNIST, Cifar10

    with _kept_in(downloads_folder()):
        return {
            f"{kind.__name__} {mode}": len(kind(mode=mode, download=True))
            for kind in (MNIST, Cifar10)
            for mode in ("train", "test")
        }
