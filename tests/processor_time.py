"""Where the suite's time goes: processor seconds by folder, with those of all processes that the tests start.

The clock on the wall says how busy the machine is; processor time says what a test costs. It is read between the
phases of each test, in each of pytest-xdist's workers, and travels to the table at the end with the reports.
What a process spends counts when it has ended and somebody has waited for it.
"""

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

STARTING = "(starting, collecting)"


def spent() -> float:
    """Processor seconds of this process and of all its children that have ended."""
    return sum(os.times()[:4])


class ProcessorTime:
    """Measures in each process that runs tests, and adds up in the one that reports."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin to count."""
        self.costliest = config.getoption("costliest")
        self.last = spent()
        self.by_test: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Any:
        """Note what was spent since the report before this one."""
        report = yield
        now = spent()
        report.processor, self.last = now - self.last, now
        return report

    def pytest_collection_finish(self) -> None:
        """What was spent until now belongs to no test."""
        self.last = spent()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up, where the reports come together."""
        self.by_test[report.nodeid] += getattr(report, "processor", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, and the costliest tests where they were asked for."""
        folders: dict[str, list[float]] = defaultdict(list)
        for test, seconds in self.by_test.items():
            folders[Path(test.partition("::")[0]).parent.name].append(seconds)
        tests = sum(self.by_test.values())
        whole = spent()  # pytest-xdist has waited for its workers
        terminalreporter.section("processor seconds")
        for folder, costs in sorted(folders.items(), key=lambda item: -sum(item[1])):
            terminalreporter.write_line(f"{sum(costs):8.1f}  {folder:24} {len(costs):5} tests")
        terminalreporter.write_line(f"{whole - tests:8.1f}  {STARTING}")
        terminalreporter.write_line(f"{whole:8.1f}  in all")
        for test, seconds in sorted(self.by_test.items(), key=lambda item: -item[1])[: self.costliest]:
            terminalreporter.write_line(f"{seconds:8.2f}  {test}")
