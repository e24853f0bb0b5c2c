"""A TCP line that can be cut: nothing passes and neither end is told, as where a switch has lost its power."""

import contextlib
import socket
import threading


class Line:
    """Listens on a port of its own and hands everything on to another port of this machine, both ways."""

    def __init__(self, port: int) -> None:
        """Listen; somebody need not be at the other end yet."""
        self._port = port
        self._whole = threading.Event()
        self._whole.set()
        self._ends: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"tls://127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        """Let nothing pass from now on, new connections neither."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything pass again, what came meanwhile as well."""
        self._whole.set()

    def hang_up(self) -> None:
        """Drop every connection, with what came meanwhile; new ones pass again."""
        ends, self._ends = self._ends, []
        for end in ends:
            _close(end)
        self._whole.set()

    def close(self) -> None:
        """Listen no more, and drop every connection."""
        _close(self._listening)
        self.hang_up()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._whole.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            _close(near)
            return
        self._ends += [near, far]
        threading.Thread(target=self._carry, args=(far, near), daemon=True).start()
        self._carry(near, far)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(2**16):
                self._whole.wait()
                sink.sendall(content)
        self._whole.wait()  # that an end has hung up does not pass either
        _close(source)
        _close(sink)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # whoever waits for it in another thread is told
    end.close()
