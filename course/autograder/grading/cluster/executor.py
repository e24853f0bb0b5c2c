"""An executor whose workers are those of a Dask cluster: what is lost on the way is sent again, and answered once."""

import json
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from course.autograder.gradebook.errors import GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.grading.carried import carried
from course.autograder.grading.cluster.connecting import connected, has_page, leave
from course.autograder.grading.cluster.machines import Machines
from course.autograder.grading.cluster.worker import limits_as_data, mark_elsewhere, offer
from course.autograder.grading.pool import TRIES, work_off
from course.autograder.grading.shards import marks_from
from course.autograder.grading.task import Task, in_a_sentence, opened
from course.autograder.sandbox.limits import Limits
from course.common.text import printable

AHEAD = 2  # submissions under way for each core: a worker that is lost has few that are not begun
LOOK_EVERY = 2.0  # seconds between looks at the workers
PATIENCE = 600.0  # seconds without a scheduler, or without a worker, before the run gives up
REFUSALS = 5  # clients in a row that cannot hand in a submission, before the run gives up
DIED = "the process that graded it died, twice; is there memory left on the machines?"


@dataclass
class _Sent:
    task: Task
    content: bytes
    tries: int
    future: Future


@dataclass
class _Run:
    """What one class has under way."""

    limits: dict[str, Any]
    ready: list[Marked] = field(default_factory=list)
    sent: dict[str, _Sent] = field(default_factory=dict)  # by Dask's key


class ClusterExecutor:
    """The workers of a cluster, as an executor. It never loses one for good: it sends again what a worker took with it."""

    def __init__(
        self, connect: Callable[[], Client], tell: Callable[[str], None], patience: float = PATIENCE
    ) -> None:
        """Connect.

        Args:
            connect: makes a client; raises GradingError.
            tell: gets whole sentences on machines that come, go or are refused.
            patience: seconds to wait for a scheduler or a worker.
        """
        self._connect, self._tell, self._patience = connect, tell, patience
        self._client, self._refused = connect(), 0
        self._came: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._run = _Run({})
        self.machines = Machines(offer(), tell)
        self._looked = self._some_were_there = time.monotonic()

    @property
    def dashboard(self) -> str:
        """Where Dask's own page is, '' where there is none."""
        try:
            return str(self._client.dashboard_link) if self._client.run_on_scheduler(has_page) else ""
        except Exception:  # the scheduler has gone meanwhile, or cannot say: no reason not to grade
            return ""

    def marked(self, tasks: list[Task], limits: Limits) -> Iterator[list[Marked]]:
        """Each task's marks as they come. Raises GradingError where no scheduler or worker is left for too long."""
        self._run = _Run(limits_as_data(limits))
        if tasks:
            self._look()
            yield from work_off(self, deque((task, 1) for task in tasks))
            self._see_workers()  # for the machines' lines at the end

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        leave(self._client)

    # --- the executor ------------------------------------------------------------------------------------------

    @property
    def ahead(self) -> int:
        """Twice as many as there are cores, and a few where there are none yet."""
        return AHEAD * max(self.machines.cores, 1)

    def submit(self, task: Task) -> None:
        """Have a task marked, sooner or later."""
        try:
            content = carried(opened(task))
        except (GradingError, OSError) as error:
            told = str(error) if isinstance(error, GradingError) else in_a_sentence(error)
            self._run.ready.append(Marked(task.student, task.assignment, failure=told))
        else:
            self._send(task, content, 1)

    def results(self) -> list[Marked]:
        """The marks that have come, at least one; waits for it. Raises GradingError where nobody is left to wait for."""
        while not self._run.ready:
            if time.monotonic() - self._looked > LOOK_EVERY:
                self._look()
            try:
                self._take(self._came.get(timeout=LOOK_EVERY / 4))
                while True:  # what else has come meanwhile: several are entered sooner than one by one
                    self._take(self._came.get_nowait())
            except queue.Empty:
                self._send_again_what_is_lost()
        came, self._run.ready = self._run.ready, []
        return came

    # --- sending -----------------------------------------------------------------------------------------------

    def _send(self, task: Task, content: bytes, tries: int) -> None:
        key = f"mark-{uuid.uuid4().hex}"  # no name of a student's: keys stand in the scheduler's log
        try:
            future = self._client.submit(
                mark_elsewhere,
                content,
                self._run.limits,
                key=key,
                pure=False,
                resources={offer(): 1},
            )
        except Exception as error:  # whatever a client raises that has just lost its scheduler
            self._refused += 1
            if self._refused > REFUSALS:
                raise GradingError(
                    f"the scheduler takes no submission ({in_a_sentence(error)}); what is graded is kept, so run the same "
                    "command again"
                ) from None
            self._connect_again()
            self._send(task, content, tries)
            return
        self._refused = 0
        self._run.sent[key] = _Sent(task, content, tries, future)
        future.add_done_callback(lambda done: self._came.put(done.key))

    def _send_again_what_is_lost(self) -> None:
        """What the scheduler has forgotten: it was started anew, or the client was.

        A client that has lost its scheduler tries to connect anew, and may be at it for ever: an error that it does not
        foresee ends its trying, and it goes on to say "connecting". It is not waited for.
        """
        if self._client.status != "running":
            self._connect_again()
        for key, one in list(self._run.sent.items()):
            # Sending one may have sent all others anew, too, with another client.
            if one.future.status in ("cancelled", "lost") and key in self._run.sent:
                del self._run.sent[key]
                self._send(one.task, one.content, one.tries)

    def _connect_again(self) -> None:
        """A new client, and everything under way sent anew with it."""
        self._tell("the scheduler is gone; waiting for it")
        leave(self._client)
        until = time.monotonic() + self._patience
        while True:
            try:
                self._client = self._connect()
                break
            except GradingError as error:
                if time.monotonic() > until:
                    raise GradingError(
                        f"{error}; what is graded is kept, so run the same command again"
                    ) from None
                time.sleep(LOOK_EVERY / 2)
        lost, self._run.sent = self._run.sent, {}
        for one in lost.values():
            self._send(one.task, one.content, one.tries)

    # --- taking ------------------------------------------------------------------------------------------------

    def _take(self, key: str) -> None:
        """What became of one that is no longer under way; what came of an earlier sending is nobody's."""
        one = self._run.sent.pop(key, None)
        if one is None:
            return
        task, again = one.task, one.tries + 1
        try:
            reply = json.loads(one.future.result(timeout=60))
            self.machines.answered(reply["worker"], reply["machine"], reply["marked"])
            if reply["marked"] is not None:
                marked = marks_from(reply["marked"])
                if (marked.student, marked.assignment) != (task.student, task.assignment):
                    raise ValueError("a worker answered for somebody else")
                self._run.ready.append(marked)
                return
            failure = DIED
        except KilledWorker as error:
            failure = f"every worker that graded it was lost (the last was {error.last_worker.address})"
        except (
            CancelledError,
            OSError,
            TimeoutError,
        ):  # the scheduler went away with the answer: no fault of its own
            self._send(task, one.content, one.tries)
            return
        except Exception as error:
            failure = in_a_sentence(error)
        finally:
            one.future.release()
        if one.tries < TRIES:
            self._send(task, one.content, again)
        else:
            self._run.ready.append(Marked(task.student, task.assignment, failure=printable(failure)))

    def _see_workers(self) -> bool:
        """Take in which workers there are; whether the scheduler could be asked."""
        if self._client.status == "running":
            try:
                self.machines.look(self._client.scheduler_info(n_workers=-1)["workers"])
            except Exception:  # the scheduler went away meanwhile, which the next round finds out
                return False
        return True

    def _look(self) -> None:
        """See which workers there are. Raises GradingError where there has been none for too long."""
        self._looked = now = time.monotonic()
        if not self._see_workers():
            return
        if self.machines.cores:
            self._some_were_there = now
        elif now - self._some_were_there > self._patience:
            raise GradingError(
                f"no worker that can grade was there for {self._patience / 60:.0f} minutes{self.machines.why_none}; what "
                "is graded is kept, so run the same command again"
            )


def open_cluster(cluster: str, folder: Path, tell: Callable[[str], None]) -> ClusterExecutor:
    """The cluster that --cluster names, with the certificates in a folder. Raises GradingError, in one sentence."""
    return ClusterExecutor(lambda: connected(cluster, folder), tell)
