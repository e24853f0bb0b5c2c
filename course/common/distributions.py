"""What a student has installed, by the release's own list, and where it lies on this machine."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

SITE_PACKAGES = ("site-packages", "dist-packages")
# Not to be had while an answer is graded.
FRAMEWORKS = (
    "paddle", "torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "flax", "mxnet", "mindspore",
    "cupy", "tinygrad", "onnxruntime", "theano", "autograd",
)  # fmt: skip
STUDENT_NEEDS = ("numpy", "matplotlib", "jupyterlab", "ipykernel", "jinja2")
# A submission may import what these need, too: the lessons are read with Paddle, which brings packages of its own.
ALSO_HAS = ("paddlepaddle",)

REQUIRED = re.compile(r"^Requires-Dist:\s*(.*)$", re.MULTILINE | re.IGNORECASE)
# The name at the beginning, and the extras behind it; what versions will do is not asked. (PEP 508)
NAMED = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[^\]]*)\])?")


def normal(name: str) -> str:
    """A distribution's name as the index of packages compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def closure(names: tuple[str, ...]) -> frozenset[str]:
    """The distributions that these need, themselves included, by normalised name, as installed here."""
    seen: set[tuple[str, str]] = set()
    waiting = [(normal(name), "") for name in names]  # each with one of its extras
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            wanted = _requires(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
        for named in map(NAMED.match, (one for one in wanted if _holds(one, extra))):
            if named:
                extras = [one.strip() for one in (named["extras"] or "").split(",")]
                waiting += [(normal(named["name"]), one) for one in {"", *extras}]
    return frozenset(name for name, _ in seen)


def _requires(name: str) -> list[str]:
    """What a distribution says it requires, by the head of its METADATA: what follows is its page, and long to take apart.

    Raises:
        metadata.PackageNotFoundError: where it is not installed.
    """
    text = metadata.distribution(name).read_text("METADATA")
    if text is None:  # installed in an older way
        return metadata.requires(name) or []
    return REQUIRED.findall(text.partition("\n\n")[0])


def _holds(requirement: str, extra: str) -> bool:
    """Whether something is needed, on whatever platform, with this extra or ('') without any."""
    if "extra" not in requirement.partition(";")[2]:
        return True
    if not extra:
        return False
    from packaging.requirements import Requirement  # takes long, and few are read as a whole

    marker = Requirement(requirement).marker
    return marker is None or "extra" not in str(marker) or marker.evaluate({"extra": extra})


def student_places(but: frozenset[str]) -> Iterator[Path]:
    """Folders and files of all that a student has installed, each the topmost below `site-packages`.

    Args:
        but: top-level modules; a distribution that brings one of them is left out whole.
    """
    for name in sorted(closure((*STUDENT_NEEDS, *ALSO_HAS))):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        folder = Path(str(found.locate_file("")))
        lines = (found.read_text("RECORD") or "").splitlines()
        tops = {line.partition(",")[0].split("/")[0] for line in lines} - {"..", ""}
        # Some packages bring copies of others in a folder of their own, which is found once they are imported.
        if folder.name in SITE_PACKAGES and not but & {top.partition(".")[0] for top in tops}:
            yield from (folder / top for top in sorted(tops) if not top.endswith(".pth"))
