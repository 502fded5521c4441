"""A tiny repository for trying the product out."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from projects.git import complaints, door, environment
from projects.git.door import Watch

_AUTHOR = "Sample <sample@localhost> 0 +0000"


def make(path: Path, files: Mapping[str, str]) -> None:
    """This function will make a bare repository at `path` with one commit that holds `files`."""
    path.mkdir(parents=True)
    variables = environment.for_reading(path)
    with tempfile.TemporaryFile() as stream:
        stream.write(_fast_import(files))
        stream.seek(0)
        for arguments, source in (
            (["init", "--quiet", "--bare", "--initial-branch=main", str(path)], None),
            ([f"--git-dir={path}", "fast-import", "--quiet"], stream),
        ):
            running = door.start(arguments, variables, Watch(), source)
            said = running.handle.proc.stderr.read().decode(errors="replace")
            status = running.wait(30)
            running.end()
            if status != 0:
                raise complaints.failure(running.name, status, said)


def _fast_import(files: Mapping[str, str]) -> bytes:
    """The stream of git-fast-import(1) for one commit."""
    head = f"commit refs/heads/main\ncommitter {_AUTHOR}\ndata 6\nsample\n".encode()
    parts = [head]
    for name, text in files.items():
        data = text.encode()
        parts.append(f"M 100644 inline {name}\ndata {len(data)}\n".encode() + data + b"\n")
    return b"".join(parts)
