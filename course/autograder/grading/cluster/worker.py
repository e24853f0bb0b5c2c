"""What makes a Dask worker one of the course's: preloaded by it, as `deploy/dask.yaml` says.

A worker offers what it can do as a resource of Dask's, whose name holds the fingerprint of its code. A submission asks for
the driver's own, so a worker of another version, or on a machine that cannot lock submissions in, is never given one.
"""

import json
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from course.autograder.grading.carried import FORMAT
from course.autograder.grading.cluster.slots import Slots
from course.autograder.grading.executor import WorkerLost
from course.autograder.grading.fingerprint import course_version
from course.autograder.grading.shards import as_data
from course.autograder.grading.workers import start_ahead
from course.autograder.sandbox import confinement
from course.autograder.sandbox.limits import Limits

PLUGIN = "course-judging"
OFFERS = "course-marks "  # what the name of a resource begins with, before format and fingerprint
LACKS = "course-lacks "  # before what is missing to lock submissions in


def offer() -> str:
    """The resource of a worker that marks as this machine's code would."""
    return f"{OFFERS}{FORMAT} {course_version()}"


class Judging(WorkerPlugin):
    """Keeps a worker's slots warm."""

    name = PLUGIN

    def setup(self, worker: Worker) -> None:
        """Have Paddle imported while the worker signs up."""
        self.slots = Slots(worker.state.nthreads)
        start_ahead()

    def teardown(self, worker: Worker) -> None:
        """End the processes."""
        self.slots.close()


async def dask_setup(worker: Any) -> None:
    """Called by Dask before a worker signs up with the scheduler."""
    if not isinstance(worker, Worker):
        return
    # Dask lets a worker import from its scratch folder, so that clients can send modules; nothing is sent here.
    scratch = Path(worker.local_directory)
    sys.path[:] = [place for place in sys.path if Path(place) not in (scratch, scratch.parent)]
    if lacks := confinement.missing():
        resource = LACKS + "; ".join(lacks)
    else:
        resource = offer()
        await worker.plugin_add(plugin=Judging(), name=PLUGIN, catch_errors=False)
    worker.state.total_resources[resource] = worker.state.available_resources[resource] = (
        worker.state.nthreads
    )


def mark_elsewhere(content: bytes, limits: dict[str, Any]) -> bytes:
    """Mark a submission on this worker.

    Args:
        content: as `carried` packs it.
        limits: the fields of `Limits`.

    Returns:
        JSON: `marked`, the marks, or None where the process died over it; `machine`; `worker`, its address.
    """
    worker = get_worker()
    judging: Any = worker.plugins[PLUGIN]
    try:
        marked = as_data(judging.slots.mark(content, Limits(**limits)))
    except WorkerLost:
        marked = None
    return json.dumps({"marked": marked, "machine": socket.gethostname(), "worker": worker.address}).encode()


def limits_as_data(limits: Limits) -> dict[str, Any]:
    """Limits as `mark_elsewhere` takes them."""
    return asdict(limits)
