"""A night of very many hand-ins, on paper: machines, network, database, storage and money; and a simulation of the hours.

python -m benchmarks.scale [--hand-ins 1000000] [--machines 1,2,4,8,16]

What is measured and what is assumed stands at each constant; docs/scale.md says what follows from them.
"""

import argparse
import heapq
import random
from dataclasses import dataclass

HOUR = 3600.0


@dataclass(frozen=True)
class Night:
    """What is graded, and on what.

    Attributes:
        hand_ins: how many.
        machines, cores: that mark, and physical cores of each.
        marking: processor seconds of one hand-in on a worker (measured: docs/performance.md, parts of a worker).
        spread: of marking times, standard deviation over mean (assumed).
        page: processor seconds of a page, written by the driver's machine (measured: as above).
        entering: seconds of the one writer for a hand-in, on PostgreSQL, 32 together, on a machine with
            nothing else to do (measured: benchmarks/results/writer-postgresql.json; 0.0085 on a busy one).
        ahead: hand-ins that the driver has given out and not entered, for each core; marks never pile up beyond.
        together: that the writer takes at once, at most.
        lives: mean hours that a machine lives before it is lost (assumed; cheap machines may be taken back at any time).
        restart: seconds until another stands in its place (assumed).
        drivers: each grades a share of the class and enters it in a database of its own.
    """

    hand_ins: int = 1_000_000
    machines: int = 4
    cores: int = 36
    marking: float = 0.118
    spread: float = 1.0
    page: float = 0.0035
    entering: float = 0.0014
    ahead: int = 2
    together: int = 32
    lives: float = 20.0
    restart: float = 180.0
    drivers: int = 1


@dataclass(frozen=True)
class Told:
    """How a night went: hours until the last mark is entered, shares of it that writer and cores worked, and marked twice."""

    hours: float
    writer: float
    cores: float
    again: int


def bound(night: Night) -> tuple[float, str]:
    """Hours that it takes at least, and what they are spent on, were nothing lost and nobody waiting for another."""
    marking = night.hand_ins * night.marking / (night.machines * night.cores)
    entering = night.hand_ins * night.entering / night.drivers
    longest = max((marking, "marking"), (entering, "entering"))
    return longest[0] / HOUR, longest[1]


def simulate(night: Night, seed: int = 0) -> Told:
    """One driver's share, as the driver does it: give out what is wanted ahead, wait for marks, enter those that have come."""
    draw = random.Random(seed)
    share, machines = night.hand_ins // night.drivers, max(1, night.machines // night.drivers)
    cores = machines * night.cores
    shape, scale = 1 / night.spread**2, night.marking * night.spread**2
    ends = [draw.expovariate(1 / (night.lives * HOUR)) for _ in range(machines)]
    free = [(0.0, machine) for machine in range(machines) for _ in range(night.cores)]
    under_way: list[float] = []  # when each mark will come
    now = marked = 0.0
    given = again = 0

    def marked_at() -> float:
        """When the core that is free first has marked a hand-in; where its machine is lost before, another core's turn."""
        nonlocal again, marked
        while True:
            time, machine = heapq.heappop(free)
            start = max(now, time)
            if start >= ends[machine]:
                back = ends[machine] + night.restart
                start = max(start, back)
                ends[machine] = back + draw.expovariate(1 / (night.lives * HOUR))
            took = draw.gammavariate(shape, scale)
            finished = start + took
            if finished < ends[machine]:
                heapq.heappush(free, (finished, machine))
                marked += took
                return finished
            again += 1
            heapq.heappush(free, (ends[machine] + night.restart, machine))

    while given < share or under_way:
        while given < share and len(under_way) < night.ahead * cores:
            heapq.heappush(under_way, marked_at())
            given += 1
        now = max(now, under_way[0])
        count = 0
        while under_way and under_way[0] <= now and count < night.together:
            heapq.heappop(under_way)
            count += 1
        now += count * night.entering
    return Told(now / HOUR, share * night.entering / now, marked / (now * cores), again)


def row(night: Night) -> str:
    """One line of the table in docs/scale.md."""
    hours, on = bound(night)
    told = simulate(night)
    cells = [
        str(night.machines), str(night.machines * night.cores), str(night.drivers), f"{1000 * night.entering:g}", f"{hours:.2f} ({on})",
        f"{told.hours:.2f}", f"{100 * told.writer:.0f}%", f"{100 * told.cores:.0f}%", str(told.again),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hand-ins", type=int, default=1_000_000)
    parser.add_argument("--machines", default="1,2,4,8,16")
    parser.add_argument("--drivers", type=int, default=1)
    parser.add_argument("--entering", type=float, default=Night.entering)
    given = parser.parse_args()
    for machines in given.machines.split(","):
        night = Night(given.hand_ins, int(machines), entering=given.entering, drivers=given.drivers)
        print(row(night), flush=True)


if __name__ == "__main__":
    main()
