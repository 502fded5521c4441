"""An ssh agent that holds one key, in this process's memory, for as long as one git runs.

The key is on no disk, in no environment and in no argv; kill -9 takes it along. Source of the
protocol: draft-miller-ssh-agent, and RFC 4253, 5656, 8332 and 8709 for the signatures.
"""

import base64
import contextlib
import errno
import os
import shutil
import socket
import socketserver
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

from projects import ssh_keys

_FAILURE = b"\x05"
_REQUEST_IDENTITIES, _IDENTITIES = 11, b"\x0c"
_SIGN, _SIGNATURE = 13, b"\x0e"
_PREFIX = "factory-agent-"
_LONGEST_S = 3600  # no git runs as long as that
_LONGEST = 1 << 18  # bytes of one message, as OpenSSH's own agent has it
_RSA_HASHES = {2: (b"rsa-sha2-256", hashes.SHA256()), 4: (b"rsa-sha2-512", hashes.SHA512())}
_CURVE_HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}


@contextlib.contextmanager
def holding(private_key: str) -> Iterator[str]:
    """This function will serve a key on a socket until the block ends, and give the socket's path.

    Raises `ssh_keys.BadKey`.
    """
    identity = _Identity(private_key)
    sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:  # mode 0700
        path = os.path.join(folder, "socket")
        with _Agent(path, identity) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield path
            finally:
                server.shutdown()
                thread.join()


def sweep() -> None:
    """This function will remove the sockets that killed runners left; nobody listens there."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
            found = folder.stat()
            old = found.st_uid == os.getuid() and time.time() - found.st_mtime > _LONGEST_S
            if old and one.connect_ex(str(folder / "socket")) == errno.ECONNREFUSED:
                shutil.rmtree(folder)


class _Agent(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, identity: "_Identity") -> None:
        super().__init__(path, _Conversation)
        self.identity = identity

    def verify_request(self, request: object, client_address: object) -> bool:
        """This method will talk to this account alone; the directory's mode says so already."""
        peer = request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # type: ignore[attr-defined]
        return bool(struct.unpack("3i", peer)[1] == os.getuid())

    def handle_error(self, request: object, client_address: object) -> None:
        """This method will be silent: an ssh that was killed in mid-sentence is no news."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Agent

    def handle(self) -> None:
        while len(head := self.rfile.read(4)) == 4:
            (length,) = struct.unpack(">I", head)
            if not 0 < length <= _LONGEST:
                return
            answer = self.server.identity.answer(self.rfile.read(length))
            self.wfile.write(_string(answer))


class _Identity:
    """One key, and what it answers."""

    def __init__(self, private_key: str) -> None:
        self._key = ssh_keys.load(private_key)
        self._blob = base64.b64decode(ssh_keys.public(private_key).split()[1])

    def answer(self, message: bytes) -> bytes:
        """This method will list the key, sign with it, or refuse: nothing can be added or asked."""
        if message[0] == _REQUEST_IDENTITIES:
            return _IDENTITIES + struct.pack(">I", 1) + _string(self._blob) + _string(b"")
        if message[0] == _SIGN:
            with contextlib.suppress(ValueError, struct.error, KeyError):
                blob, rest = _cut(message[1:])
                data, rest = _cut(rest)
                if blob == self._blob:
                    return _SIGNATURE + _string(self._sign(data, struct.unpack(">I", rest[:4])[0]))
        return _FAILURE

    def _sign(self, data: bytes, flags: int) -> bytes:
        key = self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return _string(b"ssh-ed25519") + _string(key.sign(data))
        if isinstance(key, ec.EllipticCurvePrivateKey):
            size = key.curve.key_size
            pair = utils.decode_dss_signature(key.sign(data, ec.ECDSA(_CURVE_HASHES[size])))
            return _string(b"ecdsa-sha2-nistp%d" % size) + _string(b"".join(map(_number, pair)))
        name, digest = _RSA_HASHES[flags & 6]  # without a flag: SHA-1, which is refused
        return _string(name) + _string(key.sign(data, padding.PKCS1v15(), digest))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _number(value: int) -> bytes:
    """A whole number as ssh writes it: big-endian, with room for the sign."""
    return _string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _cut(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack(">I", data[:4])
    if length > len(data) - 4:
        raise ValueError("cut short")
    return data[4 : 4 + length], data[4 + length :]
