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


AT_ONCE = 2**20  # bytes, of one call
SMALL = (
    2**16
)  # a buffer of this size comes from memory that is there; a larger one is mapped and unmapped each time


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
        self.held = bytearray()  # what has come and was not asked for yet

    def close(self) -> None:
        """Close this end."""
        self.end.close()

    def send(self, value: Any, guard: Guard | None = None) -> None:
        """Send a value. Raises Closed, WireError for what does not travel, or what the guard raises."""
        self.send_frames(encode(value), guard)

    def send_frames(self, frames: bytes, guard: Guard | None = None) -> None:
        """Send values that are encoded already, one or several in a row. Raises as `send` does."""
        rest = memoryview(frames)
        while rest:
            if guard is not None:
                guard(False)
            try:
                sent = self.end.send(rest[:AT_ONCE], 0 if guard is None else socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(guard, select.POLLOUT)
                continue
            except OSError as error:
                raise Closed(str(error)) from error
            rest = rest[sent:]

    def heard(self) -> bool:
        """Whether the next value has come as a whole, with the one before it, so that nobody waits for it."""
        if len(self.held) < LENGTHS.size:
            return False
        header_size, body_size = LENGTHS.unpack_from(self.held)
        return len(self.held) >= LENGTHS.size + header_size + body_size

    def receive(self, guard: Guard | None = None) -> Any:
        """The next value. Raises Closed, WireError, or what the guard raises."""
        self._hold(LENGTHS.size, guard)
        header_size, body_size = LENGTHS.unpack_from(self.held)
        if header_size > MAX_HEADER or body_size > MAX_BODY:
            raise WireError("a frame that is too large")
        body_at = LENGTHS.size + header_size
        self._hold(body_at + body_size, guard)
        frame = self.held[: body_at + body_size]
        del self.held[: body_at + body_size]
        return decode(frame[LENGTHS.size : body_at], memoryview(frame)[body_at:])

    def _hold(self, size: int, guard: Guard | None) -> None:
        """Read until so many bytes are there. What is kept grows with what comes: a length alone costs no memory."""
        while len(self.held) < size:
            most = min(max(size - len(self.held), SMALL), AT_ONCE)
            if guard is not None:
                guard(False)  # also where there is no need to wait: who talks without end is stopped as well
            try:
                part = self.end.recv(most, 0 if guard is None else socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(guard, select.POLLIN)
                continue
            except OSError as error:
                raise Closed(str(error)) from error
            if not part:
                raise Closed("the other end is closed")
            self.held += part

    def _wait(self, guard: Guard | None, event: int) -> None:
        poll = select.poll()
        poll.register(self.end, event)
        in_vain = False
        while not poll.poll(None if guard is None else guard(in_vain) * 1000):
            in_vain = True
