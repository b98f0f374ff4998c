"""HTTP as uvicorn speaks it by httptools, with what h11 promises besides: no head of a request grows without end."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD: Final = 64 * 1024
"""Bytes of request line and headers, of which one may be read beyond what is read at once; more is refused."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    _in_head = True
    _head = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self.parser is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
