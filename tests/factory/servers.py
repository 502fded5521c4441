"""Servers that somebody else runs: PostgreSQL with a password, PgBouncer, Valkey; and broken ones."""

import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from factory.embedded import place, programs, valkey
from tests.factory.conftest import wait_for

PASSWORD = "correct-horse-battery"


def free_port() -> int:
    """This function will give a port of the loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def account() -> dict[str, Any]:
    """This function will say as whom a server is to run that refuses to be root."""
    who = place.account()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}


def give(path: Path) -> None:
    """This function will make a file or directory the server's own."""
    if who := place.account():
        os.chown(path, who.pw_uid, who.pw_gid)


def scratch() -> Path:
    """This function will make a directory that every account can pass through."""
    path = Path(tempfile.mkdtemp(prefix="factory-server-"))
    path.chmod(0o755)
    return path


def copy_of_carrier(into: Path) -> Path:
    """This function will copy the wheel's PostgreSQL, to be damaged, and give its package."""
    carried = programs.carried().parent
    package = into / programs.CARRIER
    unused = shutil.ignore_patterns("include", "pgxs", "*.a", "pg_dump*", "pg_restore", "pgbench")
    shutil.copytree(carried, package / carried.name, symlinks=True, ignore=unused)
    libraries = carried.parent.parent / f"{programs.CARRIER}.libs"
    if libraries.exists():
        shutil.copytree(libraries, into / libraries.name)
    (package / "__init__.py").touch()
    return package


def break_vector(package: Path) -> None:
    """This function will make pgvector run into an illegal instruction, as without AVX2."""
    library = next(package.glob("pginstall*/lib/postgresql/vector.so"))
    code = bytearray(library.read_bytes())
    at = _offset_of(bytes(code), b"vector_in")
    code[at : at + 2] = b"\x0f\x0b"  # ud2
    draft = library.with_suffix(".new")
    draft.write_bytes(code)
    draft.chmod(library.stat().st_mode)
    draft.rename(library)


def _offset_of(elf: bytes, name: bytes) -> int:
    """This function will find where in an ELF file of 64 bits the code of a symbol begins."""
    sections_at, size, count = (
        *struct.unpack_from("<Q", elf, 40),
        *struct.unpack_from("<HH", elf, 58),
    )
    sections = [
        struct.unpack_from("<IIQQQQIIQQ", elf, sections_at + size * i) for i in range(count)
    ]
    symbols = next(section for section in sections if section[1] == 11)  # SHT_DYNSYM
    names_at = sections[symbols[6]][4]
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        word, _, _, section, value, _ = struct.unpack_from("<IBBHQQ", elf, at)
        if elf.startswith(name + b"\0", names_at + word) and section:
            return int(value - sections[section][3] + sections[section][4])
    raise AssertionError(f"{name!r} is not in the library")


class Foreign:
    """A PostgreSQL on a port of the loopback that demands a password."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.package = copy_of_carrier(base)
        self.data = base / "data"
        self.port = free_port()
        self.running: subprocess.Popen[bytes] | None = None
        self._make()

    @property
    def binaries(self) -> Path:
        """Where its programs are."""
        return next(self.package.glob("pginstall*/bin"))

    def url(self, name: str = "product", word: str = PASSWORD, user: str = "owner") -> str:
        """This method will give the address of one of its databases."""
        return f"postgresql://{user}:{word}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """This method will start it and wait until it answers."""
        self.running = subprocess.Popen(
            [self.binaries / "postgres", "-D", self.data],
            stdout=subprocess.DEVNULL,
            stderr=open(self.base / "log", "ab"),  # noqa: SIM115 — the server keeps it
            cwd="/",
            **account(),
        )
        assert wait_for(lambda: self.sql("SELECT 1"), 60), (self.base / "log").read_text()[-2000:]

    def sql(self, *statements: str, name: str = "postgres") -> bool:
        """This method will run statements as its administrator, and say whether all succeeded."""
        argv = [self.binaries / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", self.base]
        argv += ["-p", str(self.port), "-U", "boss", "-d", name]
        for statement in statements:
            argv += ["-c", statement]
        return subprocess.run(argv, capture_output=True, check=False, timeout=60).returncode == 0

    def stop(self) -> None:
        """This method will end it."""
        if self.running:
            self.running.send_signal(signal.SIGCONT)
            self.running.send_signal(signal.SIGINT)  # fast
            self.running.wait(60)
            self.running = None

    def _make(self) -> None:
        give(self.base)
        argv = [self.binaries / "initdb", "-D", self.data, "-U", "boss", "--encoding=UTF8"]
        argv += ["--locale=C.UTF-8", "--locale-provider=builtin", "--no-sync"]
        argv += ["--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run(argv, check=True, capture_output=True, cwd="/", **account())
        with open(self.data / "postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nfsync = off\n")
            file.write(f"unix_socket_directories = '{self.base}'\nmax_connections = 30\n")
        self.start()
        assert self.sql(
            f"CREATE ROLE owner LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE product OWNER owner"
        )
        assert self.sql("CREATE EXTENSION vector", name="product")


@contextmanager
def foreign() -> Iterator[Foreign]:
    """This function will lend a PostgreSQL that somebody else runs."""
    base = scratch()
    made = None
    try:
        made = Foreign(base)
        yield made
    finally:
        if made:
            made.stop()
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def bouncer(server: Mapping[str, Any], **options: object) -> Iterator[str]:
    """This function will put PgBouncer before a server, and give the address of its database."""
    base, port = scratch(), free_port()
    target = f"host={server['HOST']} port={server['PORT'] or 5432} user={server['USER']}"
    lines = ["[databases]", f"* = {target}", "[pgbouncer]", "listen_addr = 127.0.0.1"]
    lines += [f"listen_port = {port}", "unix_socket_dir =", "auth_type = any"]
    lines += [f"{name} = {value}" for name, value in options.items()]
    (base / "ini").write_text("\n".join(lines) + "\n")
    argv = [shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"]
    with _ended([*argv, str(base / "ini")], port, account()):
        yield f"postgresql://{server['USER']}@127.0.0.1:{port}/{server['NAME']}"
    shutil.rmtree(base)


@contextmanager
def redis(*options: str) -> Iterator[int]:
    """This function will run a Valkey somebody else configured, and give its port."""
    base, port = scratch(), free_port()
    argv = [str(valkey._binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with _ended([*argv, "--dir", str(base), *options], port, {}):
        yield port
    shutil.rmtree(base, ignore_errors=True)


@contextmanager
def tls(port: int, directory: Path) -> Iterator[int]:
    """This function will put TLS before a server with a certificate of `directory`, for one client."""
    argv = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2", "-subj"]
    argv += ["/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    argv += ["-keyout", directory / "key.pem", "-out", directory / "ca.pem"]
    subprocess.run(argv, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "ca.pem", directory / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as outside:
        serving = threading.Thread(target=_pass_on, args=(outside, context, port), daemon=True)
        serving.start()
        yield int(outside.getsockname()[1])
    serving.join(10)


def _pass_on(outside: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        client = context.wrap_socket(outside.accept()[0], server_side=True)
        with client, socket.create_connection(("127.0.0.1", port)) as inside:
            while data := client.recv(4096):
                inside.sendall(data)
                client.sendall(inside.recv(4096))


@contextmanager
def _ended(argv: list[str], port: int, who: dict[str, Any]) -> Iterator[None]:
    null = subprocess.DEVNULL
    started = subprocess.Popen(argv, stdout=null, stderr=null, cwd="/", **who)
    try:
        assert wait_for(lambda: _listens(port), 90), argv
        yield
    finally:
        started.kill()
        started.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
