"""One end of the socket between judge and student's process: values in, values out, under a guard's eye."""

import select
import socket
import time
from collections.abc import Callable
from typing import Any

from course.autograder.engine.wire import LENGTHS, MAX_BODY, MAX_HEADER, WireError, decode, encode

# Told whether a wait was in vain, a guard says for how many seconds to wait before it is asked again. It raises when
# there has been enough waiting.
Guard = Callable[[bool], float]


class Closed(WireError):
    """The other end is gone."""


class OutOfTime(Exception):
    """The other end did not answer in time."""


def until(deadline: float) -> Guard:
    """A guard that raises OutOfTime at a `time.monotonic` moment."""

    def left(in_vain: bool) -> float:
        seconds = deadline - time.monotonic()
        if in_vain and seconds <= 0:
            raise OutOfTime
        return max(0.0, seconds)

    return left


class Channel:
    """Frames over one end of a stream socket. Without a guard, it waits for as long as it takes."""

    def __init__(self, end: socket.socket) -> None:
        """Take over a connected socket."""
        self.end = end

    def close(self) -> None:
        """Close this end."""
        self.end.close()

    def send(self, value: Any, guard: Guard | None = None) -> None:
        """Send a value. Raises Closed, WireError for what does not travel, or what the guard raises."""
        frame = memoryview(encode(value))
        while frame:
            self._wait(guard, select.POLLOUT)
            try:
                sent = self.end.send(frame[: 2**20], socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from error
            frame = frame[sent:]

    def receive(self, guard: Guard | None = None) -> Any:
        """The next value. Raises Closed, WireError, or what the guard raises."""
        header_size, body_size = LENGTHS.unpack(self._take(LENGTHS.size, guard))
        if header_size > MAX_HEADER or body_size > MAX_BODY:
            raise WireError("a frame that is too large")
        header = self._take(header_size, guard)
        return decode(header, self._take(body_size, guard))

    def _take(self, size: int, guard: Guard | None) -> bytearray:
        # Grows with what really comes: a length alone must not cost memory.
        taken = bytearray()
        while len(taken) < size:
            self._wait(guard, select.POLLIN)
            try:
                part = self.end.recv(min(size - len(taken), 2**20))
            except OSError as error:
                raise Closed(str(error)) from error
            if not part:
                raise Closed("the other end is closed")
            taken += part
        return taken

    def _wait(self, guard: Guard | None, event: int) -> None:
        poll = select.poll()
        poll.register(self.end, event)
        in_vain = False
        while not poll.poll(None if guard is None else guard(in_vain) * 1000):
            in_vain = True
