"""Where the suite's time goes: processor seconds by folder, with those of all processes that the tests start.

The clock on the wall says how busy the machine is; processor time says what a test costs. It is read after each
test, in each of pytest-xdist's workers, and travels to the table at the end with the test's last report.
"""

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TICKS = os.sysconf("SC_CLK_TCK")
ANSWERS = "answers"  # a test's property: how many answers it has tried


def _told(place: str) -> bytes:
    """What the system says there. Not by `pathlib`: it is asked after each of thousands of tests."""
    held = os.open(place, os.O_RDONLY)
    try:
        return os.read(held, 65536)
    finally:
        os.close(held)


def _below(pid: int | str) -> Iterator[int]:
    """Every living process that this one has started, or that those have."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            for child in _told(f"/proc/{pid}/task/{thread}/children").split():
                yield int(child)
                yield from _below(int(child))


def _ticks(pid: int) -> int:
    """What a process has taken, and all of its children that have ended."""
    with contextlib.suppress(OSError):
        return sum(map(int, _told(f"/proc/{pid}/stat").rpartition(b")")[2].split()[11:15]))
    return 0


def spent() -> float:
    """Processor seconds of this process and of all below it; a process that lost its parent no longer counts."""
    return sum(os.times()[:4]) + sum(map(_ticks, _below(os.getpid()))) / TICKS


def folder_of(test: str) -> str:
    """The name of the folder that a test lies in."""
    return Path(test.partition("::")[0]).parent.name


class ProcessorTime:
    """Measures in each process that runs tests, and adds up in the one that reports."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin to count."""
        self.config = config
        self.last = self.starting = 0.0
        self.by_test: dict[str, float] = {}
        self.answers: dict[str, int] = defaultdict(int)  # by folder

    def pytest_collection_finish(self) -> None:
        """What was spent until now belongs to no test."""
        self.last = self.starting = spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Any:
        """Note what was spent since the test before this one."""
        report = yield
        if call.when == "teardown":
            now = spent()
            report.processor, self.last = max(0.0, now - self.last), now
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it, where the reports come together."""
        if report.when == "teardown":
            self.by_test[report.nodeid] = getattr(report, "processor", 0.0)
            self.answers[folder_of(report.nodeid)] += dict(report.user_properties).get(ANSWERS, 0)

    def pytest_sessionfinish(self) -> None:
        """Tell the process that reports what this worker took to start and to collect."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["starting"] = self.starting

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended."""
        self.starting += getattr(node, "workeroutput", {}).get("starting", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, and the costliest tests where they were asked for."""
        if not self.by_test:
            return
        if self.config.pluginmanager.hasplugin("dsession"):  # this process hands out tests and runs none
            self.starting += sum(os.times()[:2])
        folders: dict[str, list[float]] = defaultdict(list)
        for test, seconds in self.by_test.items():
            folders[folder_of(test)].append(seconds)
        rows = [(sum(costs), self._row(folder, len(costs))) for folder, costs in folders.items()]
        rows = [*sorted(rows, reverse=True), (self.starting, "starting and collecting")]
        terminalreporter.section("processor seconds")
        for seconds, what in [*rows, (sum(seconds for seconds, _ in rows), "in all")]:
            terminalreporter.write_line(f"{seconds:8.1f}  {what}")
        costly = sorted(self.by_test.items(), key=lambda item: -item[1])
        for test, seconds in costly[: self.config.getoption("costliest")]:
            terminalreporter.write_line(f"{seconds:8.2f}  {test}")

    def _row(self, folder: str, tests: int) -> str:
        answers = self.answers[folder]
        return f"{folder:12} {tests:5} tests" + (f", {answers:,} answers tried in them" if answers else "")
