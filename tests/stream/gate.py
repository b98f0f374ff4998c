"""A gate in front of a server: it may be slow, and while it's shut, nobody reaches the server or is left connected."""

import selectors
import socket
import threading
import time
from typing import Final

_SOME: Final = 1 << 16


class Gate:
    """Passes TCP on to `host:port` from a port of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self.delay_s = 0.0
        """How long each 64 KB, or whatever comes at once, is held up."""
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._listening.close()

    def _pass_on(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listening, selectors.EVENT_READ)
            while not self._ended:
                if not self._open.is_set():
                    self._cut(ready)
                for key, _ in ready.select(0.05):
                    if key.fileobj is self._listening:
                        self._let_in(ready)
                    elif key.data and key.data.fileno() >= 0:  # else its other end has just been closed
                        self._carry(ready, key)
            self._cut(ready)

    def _let_in(self, ready: selectors.BaseSelector) -> None:
        inside, _ = self._listening.accept()
        if not self._open.is_set():
            inside.close()
            return
        outside = socket.create_connection(self._to)
        ready.register(inside, selectors.EVENT_READ, outside)
        ready.register(outside, selectors.EVENT_READ, inside)

    def _carry(self, ready: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        source, target = key.fileobj, key.data
        assert isinstance(source, socket.socket)
        try:
            data = source.recv(_SOME)
            time.sleep(self.delay_s)
            target.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (source, target):
                if end in ready.get_map():
                    ready.unregister(end)
                end.close()

    def _cut(self, ready: selectors.BaseSelector) -> None:
        for key in [key for key in ready.get_map().values() if key.data]:
            assert isinstance(key.fileobj, socket.socket)
            ready.unregister(key.fileobj)
            key.fileobj.close()
