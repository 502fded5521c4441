"""The ssh hosts we know: asking a host for its keys, and accepting one knowingly.

`FACTORY_HOME/ssh/known_hosts` is an ordinary file of OpenSSH; an operator may edit it too.
"""

import base64
import binascii
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from jobs import process
from jobs.failures import Anticipated, FailureClass
from projects import hosts

_SCAN_S = 10
# Without CA or REVOKED behind the number: those lines trust no single key, and stay.
_FOUND = re.compile(rb"^# Host .* found: line (\d+) *$", re.MULTILINE)


class NoKeys(Anticipated):
    """The host gave no key: nothing there speaks ssh, or not now."""

    failure_class = FailureClass.TRANSIENT_NETWORK


class NotItsKey(Anticipated):
    """Somebody accepts a fingerprint the host does not show."""

    failure_class = FailureClass.INVALID_INPUT


@dataclass(frozen=True)
class HostKey:
    """One key of one host; `known` says whether this very key stands in the file."""

    kind: str
    blob: str
    known: bool = False

    @property
    def fingerprint(self) -> str:
        """What people compare, as OpenSSH shows it."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def folder() -> Path:
    """This function will name the directory of the known hosts and of the operator's own key."""
    return Path(settings.FACTORY_HOME).resolve() / "ssh"


def name(host: str, port: int) -> str:
    """This function will give the name a host has in the file: `host`, or `[host]:2222`."""
    return host if port == hosts.DEFAULT_PORTS["ssh"] else f"[{host}]:{port}"


def scan(host: str, port: int) -> list[HostKey]:
    """This function will ask a host for its keys; raises NoKeys and what `hosts.resolve` raises.

    The answer proves nothing: compare the fingerprints with what the host's owner publishes.
    """
    number = hosts.resolve(host, port)
    child = process.start(
        ["ssh-keyscan", "-T", str(_SCAN_S), "-p", str(port), "--", number], stderr=process.NOTHING
    )
    said, _ = child.communicate(timeout=6 * _SCAN_S)
    known = set(_known(name(host, port)))
    found = [(kind, blob) for kind, blob in _keys(said.decode(errors="replace"))]
    if not found:
        raise NoKeys(f"{name(host, port)} showed no ssh key; check the host and its port.")
    return sorted(
        (HostKey(kind, blob, (kind, blob) in known) for kind, blob in found), key=lambda k: k.kind
    )


def accept(host: str, port: int, fingerprint: str) -> HostKey:
    """This function will write the host's key with this fingerprint in the file, as its only one.

    What an operator wrote of certificate authorities and revoked keys stays.
    Raises NotItsKey when the host shows no such key.
    """
    found = next((key for key in scan(host, port) if key.fingerprint == fingerprint), None)
    if found is None:
        raise NotItsKey(
            f"{name(host, port)} shows no key {fingerprint[:60]!a}; "
            "compare with what its owner publishes"
        )
    _write(name(host, port), found)
    return found


def _write(host: str, key: HostKey) -> None:
    """The file is whole at every moment: ssh may read it now."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(place / "known_hosts.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        trusting = _trusting(host)
        kept = [line for number, line in enumerate(_lines(), 1) if number not in trusting]
        part = place / "known_hosts.part"
        with open(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            lines = (*kept, f"{host} {key.kind} {key.blob}".encode())
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        part.replace(place / "known_hosts")


def _lines() -> list[bytes]:
    try:
        text = (folder() / "known_hosts").read_bytes()
    except FileNotFoundError:
        return []
    return text.removesuffix(b"\n").split(b"\n") if text else []


def _trusting(host: str) -> set[int]:
    """The numbers of the lines with a key of the host, as ssh reads lists, patterns and hashes."""
    file = folder() / "known_hosts"
    child = process.start(["ssh-keygen", "-F", host, "-f", file], stderr=process.NOTHING)
    said, _ = child.communicate(timeout=_SCAN_S)
    return {int(number) for number in _FOUND.findall(said)}


def _known(host: str) -> Iterator[tuple[str, str]]:
    trusting = _trusting(host)
    lines = [line for number, line in enumerate(_lines(), 1) if number in trusting]
    return _keys(b"\n".join(lines).decode(errors="replace"))


def _keys(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and not line.startswith("#") and _is_base64(words[2]):
            yield words[1], words[2]


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False
