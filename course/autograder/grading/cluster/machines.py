"""The machines of a cluster: which can grade, which cannot and why, and what each has done at the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from course.autograder.grading.cluster.worker import LACKS, OFFERS
from course.common.text import printable


@dataclass(order=True)
class Machine:
    """What came from one machine.

    Attributes:
        submissions: graded there.
        seconds: that they took, by the clock, one after another.
        deaths: of its workers, and of processes that graded.
    """

    submissions: int = 0
    seconds: float = 0.0
    deaths: int = 0


class Machines:
    """All of them, as they come and go."""

    def __init__(self, offer: str, tell: Callable[[str], None]) -> None:
        """None is known yet.

        Args:
            offer: the resource of a worker that can be used.
            tell: gets a sentence on each that cannot.
        """
        self.cores = 0
        self._done: dict[str, Machine] = {}  # by the host in its workers' addresses
        self._offer, self._tell = offer, tell
        self._used: set[str] = set()
        self._names: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def look(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """Take in which workers the scheduler has, by address."""
        usable = {address for address, about in workers.items() if self._offer in about["resources"]}
        self.cores = sum(int(workers[address]["resources"][self._offer]) for address in usable)
        for address in self._used - usable:
            self._of(address).deaths += 1
        self._used = usable
        for address in sorted(workers.keys() - usable):
            if address not in self._refused:
                self._refused[address] = self._why_not(workers[address]["resources"])
                self._tell(f"the worker {printable(address)} is left out: {self._refused[address]}")
        self._refused = {address: why for address, why in self._refused.items() if address in workers}

    def _why_not(self, resources: Mapping[str, float]) -> str:
        for name in resources:
            if name.startswith(LACKS):
                return f"submissions cannot be locked in there ({printable(name.removeprefix(LACKS))})"
            if name.startswith(OFFERS):
                theirs, ours = name.split()[-1][:8], self._offer.split()[-1][:8]
                return (
                    f"its code or its libraries are of another version ({printable(theirs)}) than this machine's ({ours}); "
                    "bring both to the same one, and start it again"
                )
        return "it was not started with deploy/dask.yaml, so it knows nothing of the course"

    @property
    def why_none(self) -> str:
        """A clause on those that are there and cannot be used; '' where there are none."""
        return "".join(f"; {printable(address)}: {why}" for address, why in sorted(self._refused.items())[:3])

    def answered(self, address: str, name: str, marks: Mapping[str, Any] | None) -> None:
        """Count an answer; None is a process that died."""
        self._names[_host(address)] = printable(name)
        machine = self._of(address)
        if marks is None:
            machine.deaths += 1
            return
        machine.submissions += 1
        machine.seconds += float(marks["seconds"].get("whole", 0.0))

    @property
    def done(self) -> list[tuple[str, Machine]]:
        """What each has done, by its name where that is known, by its address otherwise."""
        return sorted((self._names.get(host, host), machine) for host, machine in self._done.items())

    def _of(self, address: str) -> Machine:
        return self._done.setdefault(_host(address), Machine())


def _host(address: str) -> str:
    return printable(str(urlsplit(address).hostname))
