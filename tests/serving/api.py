"""The app behind a real socket, served by uvicorn in a thread."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import uvicorn

from contracts.settings import Settings
from online.answer.library import Shelf
from online.store.memory import MemoryStore
from online.store.protocol import Store
from serving.app import create_app
from serving.http import Protocol
from serving.publisher import Publisher
from serving.server import Server
from tests.fakes.shelf import MemoryShelf


class Api(NamedTuple):
    """A client of the app, and the parts that it was made of."""

    http: httpx.Client
    publisher: Publisher
    store: MemoryStore
    shelf: MemoryShelf


@contextmanager
def served(
    settings: Settings, store: Store, shelf: Shelf, publisher: Publisher, port: int = 0, grace_s: int = 2
) -> Iterator[httpx.Client]:
    """A client of this app while it runs; at any free port, where none is given."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        config = uvicorn.Config(
            create_app(settings, store, shelf, publisher),
            http=Protocol,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=grace_s,
            ws="none",
        )
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=15, trust_env=False) as http:
                yield http
        finally:
            server.should_exit = True
            thread.join(timeout=grace_s + 8)
