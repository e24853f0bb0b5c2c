"""Which system calls a process may make: a filter in the kernel's own small language.

A process puts it on itself. The list is of what is allowed (`syscalls.py`): a call nobody thought of is
refused. A refused call fails with EPERM: the process lives on, an honest one with an exception to print.
"""

import ctypes
import errno
import functools
import os
import platform
import struct

from course.autograder.sandbox.syscalls import ARCHITECTURES, SPECIAL, allowed, numbers

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _EQUAL, _BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06  # BPF: ld [k], jeq, jset, and, ret
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE_THREAD = 0x00010000
_PR_NAMES = (15, 16)  # PR_SET_NAME, PR_GET_NAME: what threads are called
_AF_UNIX = 1
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_FIOSETOWN, _SIOCSPGRP = 0x8901, 0x8902

Instruction = tuple[int, int, int, int]
LINE = struct.Struct("HBBI")


def _ret(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)


def _argument(index: int, high: bool = False) -> Instruction:
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * index + (4 if high else 0))


def _for(number: int, then: list[Instruction]) -> list[Instruction]:
    """What happens to one call; `then` must end in a return."""
    return [(_EQUAL, 0, len(then), number), *then]


def _only(index: int, values: tuple[int, ...], refusal: int = errno.EPERM) -> list[Instruction]:
    """Allow when the lower half of an argument is one of these."""
    checks: list[Instruction] = []
    for value in values:
        checks += [(_EQUAL, 0, 1, value & 0xFFFFFFFF), _ret(_ALLOW)]
    return [_argument(index), *checks, _ret(_ERRNO | refusal)]


def _but(index: int, values: tuple[int, ...], mask: int = 0xFFFFFFFF) -> list[Instruction]:
    """Allow unless the masked lower half of an argument is one of these."""
    checks: list[Instruction] = []
    for value in values:
        checks += [(_EQUAL, 0, 1, value), _ret(_ERRNO | errno.EPERM)]
    return [_argument(index), (_AND, 0, 0, mask), *checks, _ret(_ALLOW)]


def program(machine: str, pid: int) -> list[Instruction]:
    """The filter for a process with this id, on 'x86_64' or 'aarch64'."""
    special = numbers(SPECIAL, machine)
    arguments: dict[str, list[Instruction]] = {
        "kill": _only(0, (pid,)),
        "tgkill": _only(0, (pid,)),
        "prlimit64": _only(0, (0, pid)),
        "prctl": _only(0, _PR_NAMES),
        "socketpair": _only(0, (_AF_UNIX,)),
        # Before Landlock knew of truncation, a file that may only be read could be emptied while opening it.
        "open": _but(1, (os.O_TRUNC,), os.O_TRUNC | os.O_ACCMODE),
        "openat": _but(2, (os.O_TRUNC,), os.O_TRUNC | os.O_ACCMODE),
        # Whoever owns a descriptor gets its signals: a way to kill any process of the same user.
        "fcntl": _but(1, (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
        "ioctl": _but(1, (_FIOSETOWN, _SIOCSPGRP)),
        # With an address, a datagram could reach another program's socket.
        "sendto": [_argument(4), (_EQUAL, 0, 3, 0), _argument(4, high=True), (_EQUAL, 0, 1, 0), _ret(_ALLOW),
                   _ret(_ERRNO | errno.EPERM)],
        # Threads, no processes.
        "clone": [_argument(0), (_BIT, 0, 1, _CLONE_THREAD), _ret(_ALLOW), _ret(_ERRNO | errno.EPERM)],
        # Its flags lie in memory, out of sight; without it, libc uses clone.
        "clone3": [_ret(_ERRNO | errno.ENOSYS)],
        "openat2": [_ret(_ERRNO | errno.ENOSYS)],
    }  # fmt: skip
    lines: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT[machine]),
        _ret(_KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in allowed(machine):
        lines += _for(number, [_ret(_ALLOW)])
    for name, number in special.items():
        # Modes of files: Landlock does not guard them, so they stay as they are, and nobody is told.
        lines += _for(number, arguments.get(name, [_ret(_ERRNO | 0)]))
    return [*lines, _ret(_ERRNO | errno.EPERM)]


def supported() -> bool:
    """Whether this processor's calls are known here and the kernel takes filters."""
    if platform.machine() not in ARCHITECTURES:
        return False
    ctypes.set_errno(0)
    _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, None, 0, 0)
    return ctypes.get_errno() == errno.EFAULT  # the mode is known, the missing filter is not


ANY_PID = 2**31 - 1  # in the place of a process's own id, which is smaller on every machine


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))


@functools.cache
def packed(machine: str) -> tuple[bytes, tuple[int, ...]]:
    """The filter for any process as the kernel takes it, and where its id stands in that; made before processes are forked."""
    lines = program(machine, ANY_PID)
    places = tuple(LINE.size * at + 4 for at, line in enumerate(lines) if line[3] == ANY_PID)
    return b"".join(LINE.pack(*line) for line in lines), places


def restrict(pid: int) -> None:
    """Put the filter on this process for good. Needs `no_new_privs`; raises OSError where refused."""
    lines, places = packed(platform.machine())
    buffer = ctypes.create_string_buffer(lines, len(lines))
    for at in places:
        struct.pack_into("I", buffer, at, pid)
    filter_ = _Program(len(lines) // LINE.size, ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp refused the filter")
