"""A web proxy on this machine: CONNECT and nothing else, with a password if it is given one."""

import base64
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy(ThreadingHTTPServer):
    """Leads where `names` say, and keeps what it was asked for."""

    daemon_threads = True

    def __init__(self, names: Mapping[str, str], password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.names = names
        self.password = password
        self.asked: list[str] = []

    def url(self, password: str = "") -> str:
        """This method will give what FACTORY_PROXY is set to."""
        user = f"ana:{password}@" if password else ""
        return f"http://{user}127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, format, *args) -> None:
        self.server.asked.append(self.path)

    def do_CONNECT(self) -> None:
        given = self.headers.get("Proxy-Authorization", "").removeprefix("Basic ")
        if self.server.password not in base64.b64decode(given).decode():
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        host, _, port = self.path.rpartition(":")
        if host not in self.server.names:
            self.send_error(502)
            return
        with socket.create_connection((self.server.names[host], int(port))) as other:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            with suppress(OSError):
                _copy(self.connection, other)


def _copy(one: socket.socket, two: socket.socket) -> None:
    other = {one: two, two: one}
    while True:
        ready, _, _ = select.select([one, two], [], [], 30)
        for source in ready:
            data = source.recv(1 << 16)
            if not data:
                return
            other[source].sendall(data)
        if not ready:
            return


@contextmanager
def proxy(names: Mapping[str, str], password: str = "") -> Iterator[Proxy]:
    """This function will run one until the block ends."""
    server = Proxy(names, password)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
