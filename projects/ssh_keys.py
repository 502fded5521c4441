"""ssh keys: made here, or given; the private half as text, the public half as one line."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from jobs.failures import Anticipated, FailureClass

PrivateKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LONGEST = 20_000  # characters; an RSA key of 8,192 bits has 6,400
_SMALLEST_RSA = 2048


class BadKey(Anticipated):
    """A text that is not a private key we can use; says why, never what it is."""

    failure_class = FailureClass.INVALID_INPUT


def make() -> str:
    """This function will make an ed25519 key and give its private half."""
    return _text(ed25519.Ed25519PrivateKey.generate())


def accept(text: str) -> str:
    """This function will judge a private key somebody gave and write it as we do; raises BadKey."""
    return _text(load(text))


def load(text: str) -> PrivateKey:
    """This function will read a private key in OpenSSH's or PEM's form; raises BadKey."""
    if len(text) > LONGEST:
        raise BadKey("key: it is too long for a private key; give the file ssh-keygen wrote")
    data = text.replace("\r\n", "\n").strip().encode() + b"\n"
    openssh = b"OPENSSH PRIVATE KEY" in data
    read = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = read(data, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower() or "encrypted" in str(error).lower():
            raise BadKey("key: it has a passphrase; give one without, it is sealed here") from None
        raise BadKey(
            "key: this is not a private key; give the whole file that ssh-keygen wrote"
        ) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _SMALLEST_RSA:
        raise BadKey(f"key: {key.key_size} bits of RSA are too few; use ed25519")
    if not isinstance(key, PrivateKey):
        raise BadKey("key: this kind is not used any more; use ed25519")
    return key


def public(text: str) -> str:
    """This function will give the public half, `ssh-ed25519 AAAA…`, as hosts want it."""
    found = load(text).public_key()
    return found.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()


def _text(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()
