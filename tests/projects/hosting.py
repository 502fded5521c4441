"""A git host on this machine: https with a certificate of its own, and faults on demand."""

import base64
import datetime
import ipaddress
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Host(ThreadingHTTPServer):
    """Serves the repositories below a directory with git's own http-backend."""

    daemon_threads = True

    def __init__(self, root: Path, certificate: Path, listen: str = "127.0.0.1", port: int = 0):
        self.address_family = socket.AF_INET6 if ":" in listen else socket.AF_INET
        super().__init__((listen, port), _Handler)
        self.root = root
        self.token = ""  # demanded as the password, when set
        self.status = 0  # answered to everything, when set
        self.location = ""
        self.suffixed = False  # sends from `name` to `name.git`, as GitLab does
        self.seen: list[str] = []
        self.before: Callable[[], object] = lambda: None  # each answer, so that a test can look
        self.pairs: set[str] = set()  # the users and passwords that were given
        self.socket = tls(certificate).wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """What FACTORY_GIT_HOSTS must name."""
        host = str(self.server_address[0])
        return f"{f'[{host}]' if ':' in host else host}:{self.port}"

    def handle_error(self, request, client_address) -> None:
        """This method will be silent: broken connections are what tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: Host

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format, *args) -> None:
        self.server.seen.append(self.path)

    def _answer(self) -> None:
        self.server.before()
        server = self.server
        if "Authorization" in self.headers:
            given = self.headers["Authorization"].removeprefix("Basic ")
            server.pairs.add(base64.b64decode(given).decode())
        name, slash, rest = self.path.partition("/info/refs")
        if server.suffixed and not name.partition(".git")[1]:
            self.send_response(301)
            self.send_header("Location", f"https://{server.address}{name}.git{slash}{rest}")
            self._end()
        elif server.status:
            self.send_response(server.status)
            if server.location:
                self.send_header("Location", server.location)
            self._end()
        elif server.token and not self._authorised():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self._end()
        else:
            self._backend()

    def _authorised(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(given).decode().endswith(f":{self.server.token}")

    def _backend(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
        status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self._end(content)

    def _end(self, content: bytes = b"") -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def tls(certificate: Path) -> ssl.SSLContext:
    """This function will give what a server needs to speak https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def host(root: Path, certificate: Path, listen: str = "127.0.0.1", port: int = 0) -> Iterator[Host]:
    """This function will serve until the block ends."""
    server = Host(root, certificate, listen, port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def raw_host(certificate: Path, behave: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """This function will do with each connection what a test says, and give its address."""
    listener = tls(certificate).wrap_socket(socket.create_server(("127.0.0.1", 0)), True)

    def one(connection: ssl.SSLSocket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            behave(connection)

    def serve() -> None:
        with suppress(OSError):
            while True:
                with suppress(ssl.SSLError):
                    connection, _ = listener.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def silent_host() -> Iterator[int]:
    """This function will listen on a port and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def certificate(folder: Path) -> Path:
    """This function will make a key and a certificate that is its own authority, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(number)) for number in ("127.0.0.1", "::1")
    ]
    names += [x509.DNSName("localhost"), x509.DNSName("git.example.org")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
