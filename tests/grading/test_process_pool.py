"""A worker that dies breaks its pool, whenever it dies and whatever the others are at: nobody waits for ever."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

import pytest

from course.autograder.grading.process_pool import ProcessPool
from tests.waiting import comes_true

CONTEXT = multiprocessing.get_context("forkserver")
FOREVER = 10**6


class SlowToStart(ProcessPool):
    """A pool in which the first worker is dead, and some time passes, before the second is started."""

    def _spawn_process(self) -> None:
        if self._processes:
            connection.wait([first.sentinel for first in self._processes.values()])
            time.sleep(0.5)  # in which whoever waits for the first may notice
        super()._spawn_process()


def ends(pool: ProcessPool, futures: list[Future[None]]) -> list[type]:
    """How each task ended, and that the pool has, with all of its workers."""
    workers = [*pool._processes.values()]
    try:
        waits = threading.Thread(target=pool.shutdown, daemon=True)
        waits.start()
        assert comes_true(lambda: all(future.done() for future in futures) and not waits.is_alive())
        assert not any(worker.is_alive() for worker in workers)
    finally:
        for worker in workers:
            worker.kill()
    return [type(future.exception()) for future in futures]


def test_a_worker_that_is_started_while_another_dies_is_not_waited_for():
    pool = SlowToStart(2, CONTEXT)
    futures = [pool.submit(os._exit, 9), pool.submit(os.getpid)]
    assert ends(pool, futures) == [BrokenProcessPool, BrokenProcessPool]


def test_a_worker_that_does_not_end_when_it_is_asked_to_is_ended():
    pool = ProcessPool(2, CONTEXT, signal.signal, (signal.SIGTERM, signal.SIG_IGN))
    futures = [pool.submit(time.sleep, FOREVER), pool.submit(os._exit, 9)]
    assert ends(pool, futures) == [BrokenProcessPool, BrokenProcessPool]


def test_a_broken_pool_takes_nothing():
    pool = ProcessPool(1, CONTEXT)
    first = pool.submit(os._exit, 9)
    assert ends(pool, [first]) == [BrokenProcessPool]
    with pytest.raises(BrokenProcessPool):
        pool.submit(os.getpid)


@pytest.mark.parametrize("error", [EOFError, ConnectionResetError])
def test_a_server_that_dies_while_a_worker_is_forked_from_it_is_started_anew(error, monkeypatch):
    whole, told = ProcessPoolExecutor._spawn_process, [error]

    def dies(pool):
        if told:
            raise told.pop()
        whole(pool)

    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", dies)
    with ProcessPool(1, CONTEXT) as pool:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)


def test_a_pool_answers_as_pythons_does():
    with ProcessPool(2, CONTEXT) as pool:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 7, 0).result()
        assert sorted(pool.map(abs, range(-4, 1))) == [0, 1, 2, 3, 4]
