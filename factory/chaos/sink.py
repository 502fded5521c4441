"""The outside world of chaos: a server that writes down whatever reaches it, before it answers.

A process of its own, so that nothing that happens to the product happens to it. Each line of its
file is one call, on disk before the caller hears of it.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_NO_CONTENT = 204


class Sink(ThreadingHTTPServer):
    """Takes calls on a port of its own choosing."""

    def __init__(self, path: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 — for as long as the process
        self._lock = threading.Lock()

    def keep(self, said: dict[str, object]) -> None:
        """This method will write one line and wait until it is on disk."""
        with self._lock:
            line = json.dumps(said | {"at": time.time()}) + "\n"
            self._file.write(line.encode())
            os.fsync(self._file.fileno())


class _Call(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keep(json.loads(body))
        self.send_response(_NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """This method will say nothing: the file says it all."""


if __name__ == "__main__":
    sink = Sink(Path(sys.argv[1]))
    sys.stdout.write(f"{sink.server_port}\n")
    sys.stdout.flush()
    sink.serve_forever()
