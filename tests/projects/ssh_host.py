"""A git host on this machine that is reached by ssh: Debian's own sshd, as whoever runs the tests."""

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
Port {port}
ListenAddress {listen}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
"""


@dataclass
class SshHost:
    """A running sshd; whoever's key stands in `authorized_keys` may log in."""

    folder: Path
    port: int
    listen: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What FACTORY_GIT_HOSTS must name."""
        return f"{f'[{self.listen}]' if ':' in self.listen else self.listen}:{self.port}"

    def url(self, path: object) -> str:
        """This method will give the ssh address of a repository's path."""
        return f"ssh://{getpass.getuser()}@{self.address}{path}"

    def authorise(self, *public_keys: str) -> None:
        """This method will let these keys in, and no other."""
        text = "".join(f"{key}\n" for key in public_keys)
        (self.folder / "authorized_keys").write_text(text)

    def new_key(self) -> None:
        """This method will change the host's own key, as somebody in between would."""
        for path in self.folder.glob("host_key*"):
            path.unlink()
        make_key(self.folder / "host_key")
        self.stop()
        self.start()

    def start(self) -> None:
        """This method will start it and wait until it listens."""
        config = self.folder / "sshd_config"
        config.write_text(_CONFIG.format(port=self.port, folder=self.folder, listen=self.listen))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in
        log = self.folder / "log"
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config, "-E", log])
        deadline = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection((self.listen, self.port), 1):
                return
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.01)

    def stop(self) -> None:
        """This method will end it; those it talks with end by themselves."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


def make_key(path: Path, kind: str = "ed25519") -> Path:
    """This function will have ssh-keygen make a key without a passphrase."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True)
    return path


@contextmanager
def ssh_host(folder: Path, listen: str = "127.0.0.1") -> Iterator[SshHost]:
    """This function will serve until the block ends."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.create_server((listen, 0), family=family) as free:
        port = free.getsockname()[1]
    folder.mkdir(parents=True)
    make_key(folder / "host_key")
    running = SshHost(folder, port, listen)
    running.authorise()
    running.start()
    try:
        yield running
    finally:
        running.stop()
