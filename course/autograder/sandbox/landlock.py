"""Which files a process may reach, by Landlock: the kernel's own rule that a process puts on itself for good.

Landlock came with Linux 5.13 and needs no privilege. Newer kernels know more rights; each is used where it is
there. https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
from collections.abc import Iterable

_libc = ctypes.CDLL(None, use_errno=True)
_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every processor
_VERSION_FLAG, _PATH_BENEATH = 1, 1

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
READ = READ_FILE | READ_DIR
OWN = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | REFER | TRUNCATE
FILE_RIGHTS = 1 | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15

# How many of the file rights each version of the interface knows, lowest bits first.
_RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def version() -> int:
    """The version of Landlock that this kernel offers, 0 where it offers none."""
    return max(0, _libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def ruleset(rules: Iterable[tuple[str, int]]) -> int:
    """A file descriptor of rules (path, rights), for `restrict`; what is below none of them is out of reach.

    Paths that do not exist are left out. Raises OSError where the kernel refuses.
    """
    offered = version()
    known = (1 << _RIGHTS_OF_VERSION.get(offered, 16)) - 1
    attributes = _Ruleset(known, 3 if offered >= 4 else 0, 3 if offered >= 6 else 0)
    size = 24 if offered >= 6 else 16 if offered >= 4 else 8
    made = _checked(
        _libc.syscall(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)),
        "landlock",
    )
    for path, rights in rules:
        _add(made, path, rights & known)
    return made


def _add(made: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(f"/proc/self/fd/{opened}"):  # noqa: PTH112 (the descriptor, not the path, is asked)
            rights &= FILE_RIGHTS
        rule = _PathRule(rights, opened)
        result = _libc.syscall(_ADD_RULE, made, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        _checked(result, f"landlock rule for {path}")
    finally:
        os.close(opened)


def restrict(made: int) -> None:
    """Put the rules on this process and all it will ever start. Needs `no_new_privs`; cannot be undone."""
    _checked(_libc.syscall(_RESTRICT_SELF, made, ctypes.c_uint32(0)), "landlock")
