"""A real browser for measurements, spoken to in its own DevTools protocol."""

import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from jobs import process

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_START_S = 60.0
_WORDS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


def found() -> str | None:
    """This function will give the path of the browser of this machine, or None."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


class Window:
    """One page in the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def visit(self, url: str, name: str, value: str) -> None:
        """This method will open an address with a cookie, and wait until the page is loaded."""
        self._ask("Network.setCookie", name=name, value=value, url=url)
        self._ask("Page.navigate", url=url)
        until = time.monotonic() + _START_S
        while self.value("document.readyState + location.pathname").find("complete/") != 0:
            if time.monotonic() > until:
                raise TimeoutError(f"{url} was not loaded")
            time.sleep(0.1)

    def value(self, expression: str) -> Any:
        """This method will evaluate an expression in the page."""
        told = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"]["text"])
        return told["result"].get("value")

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=_START_S))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])


@contextmanager
def window(path: str) -> Iterator[Window]:
    """This function will start the browser with nothing remembered, and end it afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        words = [path, *_WORDS, f"--user-data-dir={folder}", "about:blank"]
        browser = process.start(words, stdout=process.NOTHING, stderr=process.NOTHING)
        try:
            with connect(_address(Path(folder)), max_size=None) as socket:
                yield Window(socket)
        finally:
            browser.end()


def _address(folder: Path) -> str:
    told, until = folder / "DevToolsActivePort", time.monotonic() + _START_S
    while not told.exists() or told.read_text().count("\n") < 1:
        if time.monotonic() > until:
            raise TimeoutError("the browser did not start")
        time.sleep(0.05)
    port, path = told.read_text().split("\n")[:2]
    return f"ws://127.0.0.1:{port}{path}"
