"""The ways in which a student's process is stopped or ends, in words; and the end of what it is forked from."""

import os
import signal


class Lost(Exception):
    """The student's process was stopped, or is gone; the message is a plain reason."""


class Killed(Lost):
    """It was ended by SIGKILL: by the kernel where the machine has no memory left, by somebody, or by itself."""


class TookTooLong(Lost):
    """It was stopped because its time was up."""


class ZygoteGone(RuntimeError):
    """The zygote process died, which no submission can bring about; a new one is needed."""


def lost(status: int, near: str = "") -> Lost:
    """What a process's end is to whoever waits for its answer.

    Args:
        status: as `os.waitpid` gives it.
        near: what to say besides.
    """
    kind = Killed if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else Lost
    return kind(ending(status) + near)


def ending(status: int) -> str:
    """A process's end in words.

    Args:
        status: as `os.waitpid` gives it.
    """
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"the process ended itself (exit code {code})"
    if -code == signal.SIGXCPU:
        return "the kernel ended the process, whose processor time was used up"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"
