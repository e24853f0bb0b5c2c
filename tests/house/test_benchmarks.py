"""What measures the project is part of it: a benchmark that no longer starts would be noticed when it is wanted."""

import importlib
from pathlib import Path

import benchmarks


def test_every_benchmark_can_be_started():
    for path in sorted(Path(benchmarks.__file__).parent.glob("*.py")):
        assert importlib.import_module(f"benchmarks.{path.stem}")
