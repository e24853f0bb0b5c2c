"""One end of the socket between judge and student's process: values in, values out, under a deadline."""

import select
import socket
import time
from typing import Any

from course.autograder.engine.wire import LENGTHS, MAX_BODY, MAX_HEADER, WireError, decode, encode


class Closed(WireError):
    """The other end is gone."""


class OutOfTime(Exception):
    """The other end did not answer in time."""


class Channel:
    """Frames over one end of a stream socket."""

    def __init__(self, end: socket.socket) -> None:
        """Take over a connected socket."""
        self.end = end

    def close(self) -> None:
        """Close this end."""
        self.end.close()

    def send(self, value: Any, deadline: float | None = None) -> None:
        """Send a value; `deadline` is a `time.monotonic` moment."""
        frame = memoryview(encode(value))
        try:
            while frame:
                self._wait(deadline, write=True)
                sent = self.end.send(frame[: 2**20], socket.MSG_DONTWAIT)
                frame = frame[sent:]
        except BlockingIOError:
            raise OutOfTime from None
        except OSError as error:
            raise Closed(str(error)) from error

    def receive(self, deadline: float | None = None) -> Any:
        """The next value. Raises Closed, OutOfTime or WireError."""
        header_size, body_size = LENGTHS.unpack(self._take(LENGTHS.size, deadline))
        if header_size > MAX_HEADER or body_size > MAX_BODY:
            raise WireError("a frame that is too large")
        header = self._take(header_size, deadline)
        return decode(header, self._take(body_size, deadline))

    def ready(self, deadline: float) -> bool:
        """Whether something can be read before the deadline."""
        try:
            self._wait(deadline, write=False)
        except OutOfTime:
            return False
        return True

    def _take(self, size: int, deadline: float | None) -> bytearray:
        # Grows with what really comes: a length alone must not cost memory.
        taken = bytearray()
        while len(taken) < size:
            self._wait(deadline, write=False)
            try:
                part = self.end.recv(min(size - len(taken), 2**20))
            except OSError as error:
                raise Closed(str(error)) from error
            if not part:
                raise Closed("the other end is closed")
            taken += part
        return taken

    def _wait(self, deadline: float | None, write: bool) -> None:
        poll = select.poll()
        poll.register(self.end, select.POLLOUT if write else select.POLLIN)
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        if not poll.poll(left):
            raise OutOfTime
