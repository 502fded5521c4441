"""Files git is given, named by their content: processes at once share them, none is removed."""

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings


def file(content: bytes, suffix: str) -> Path:
    """This function will keep a text in a 0600 file of FACTORY_HOME/git and give its path."""
    folder = Path(settings.FACTORY_HOME).resolve() / "git"
    path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(f".{secrets.token_hex(8)}")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())  # after a power cut an empty one would switch nothing off
        part.replace(path)
    return path
