"""What a student's process can import: that, and what it says of the rest."""

from collections.abc import Iterator
from importlib.metadata import DistributionFinder, PathDistribution
from pathlib import Path
from typing import Any

from course.common.distributions import FRAMEWORKS, normal


class Importer:
    """Goes first of all finders in a student's process, where folders of packages cannot be listed.

    It says that a module is not there, where the files would only say that they may not be read; and it knows the
    distributions that may be read, for packages that look up their own version.
    """

    def __init__(self, names: set[str], about: list[Path]) -> None:
        """Take what is out of reach and what is not.

        Args:
            names: top-level modules that are installed and may not be read.
            about: `*.dist-info` folders that may be read.
        """
        self.names = names
        self.about = {normal(path.name.partition("-")[0]): path for path in about}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse, or leave it to the finders behind this one."""
        top = name.partition(".")[0]
        if top in FRAMEWORKS:
            raise ModuleNotFoundError(
                f"No module named '{top}' here: answers are numpy, graded without a framework", name=name
            )
        if top in self.names:
            raise ModuleNotFoundError(f"No module named '{top}' in a grading run", name=name)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterator[PathDistribution]:
        """What `importlib.metadata` knows of."""
        name = context.name
        paths = self.about.values() if name is None else filter(None, [self.about.get(normal(name))])
        return map(PathDistribution, paths)
