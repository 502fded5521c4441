"""The HTTP protocol of the web server, with an end to its patience.

uvicorn bounds neither the time nor the size of what comes before a request's body, so idle or endless
heads could take every connection. `up` starts uvicorn with `--http factory.patience:Patient`.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""So long the first line and the headers may take to arrive."""
HEAD_BYTES = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 51\r\nconnection: close\r\n\r\n"
    b"The headers of this request take more than 64 KiB.\n"
)


class TooLarge(Exception):
    """The head of a request has more than HEAD_BYTES."""


class Patient(HttpToolsProtocol):
    """One connection, which is closed when a request's head is too slow or too large."""

    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """This method will take a connection and begin to wait for its first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """This method will forget the connection."""
        if self._giving_up:
            self._giving_up.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """This method will take what arrives, unless a head grows without end."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse()

    def on_message_begin(self) -> None:
        """This method will begin to wait for the rest of a request's head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """This method will stop waiting: the head is there."""
        if self._giving_up:
            self._giving_up.cancel()
        self._in_head = False
        size = sum(len(name) + len(value) for name, value in self.headers) + len(self.url)
        if size > HEAD_BYTES:
            self._refuse()
            raise TooLarge  # ends the parsing
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """This method will answer what is no HTTP, unless it was answered already."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _wait_for_head(self) -> None:
        if self._giving_up:
            self._giving_up.cancel()
        self._in_head, self._head_bytes = True, 0
        self._giving_up = self.loop.call_later(HEAD_S, self.transport.close)

    def _refuse(self) -> None:
        self.transport.write(_TOO_LARGE)
        self.transport.close()
