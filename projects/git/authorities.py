"""The certificates git trusts: the system's, and those of FACTORY_GIT_CA beside them."""

import ssl
from pathlib import Path

from jobs.failures import Anticipated, FailureClass
from projects.git import kept

# git is given one file, and reads it instead of the system's: ours must hold both.
_SYSTEMS = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
)


class Unreadable(Anticipated):
    """The file of FACTORY_GIT_CA went away since the start."""

    failure_class = FailureClass.AUTH


def bundle(own: Path) -> Path:
    """This function will give a file with the system's authorities and our own.

    Raises Unreadable.
    """
    try:
        theirs = own.read_bytes()
    except OSError as error:
        raise Unreadable(
            f"FACTORY_GIT_CA: {own}: {error.strerror}; name a file we may read."
        ) from None
    return kept.file(_system() + b"\n" + theirs, ".pem")


def _system() -> bytes:
    default = ssl.get_default_verify_paths().cafile
    for name in (*_SYSTEMS, *([default] if default else ())):
        path = Path(name)
        if path.is_file():
            return path.read_bytes()
    return b""
