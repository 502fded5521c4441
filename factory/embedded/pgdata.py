"""The data directory of the embedded PostgreSQL: made, configured, and cleared after a crash."""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from factory.embedded import living, place, programs
from factory.embedded.cluster import Cluster
from factory.embedded.place import CannotStart

NAME = "factory"
"""The superuser of the server, and its database."""
_NO_PROCESS = "99999999"  # above the kernel's pid_max
_CONF = """\
# Written at every start; to add to it, use postgresql.conf.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
max_wal_size = 2GB
random_page_cost = 1.1
idle_in_transaction_session_timeout = '10min'
log_line_prefix = '%m [%p] %q%u@%d '
{extra}
"""


def make(server: Cluster, binaries: Path) -> None:
    """This function will make the data directory, whole or not at all, or examine the one there is."""
    if server.data.exists():
        place.owned(server.data, place.account())
        _same_major(server, binaries)
        return
    for left in server.base.glob("pgdata.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="pgdata.new-", dir=server.base))
    if who := place.account():
        os.chown(draft, who.pw_uid, who.pw_gid)
    argv = [binaries / "initdb", "-D", draft, "-U", NAME, "--encoding=UTF8", "--locale=C.UTF-8"]
    argv += ["--locale-provider=builtin", "--data-checksums"]
    argv += ["--auth-local=trust", "--auth-host=reject"]
    made = programs.run(argv)
    if made.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        said = programs.told(made.stderr)
        raise CannotStart(f"PostgreSQL's data directory was not made: {said}: {place.cure(said)}")
    with open(draft / "postgresql.conf", "a") as file:
        file.write("include_if_exists = 'factory.conf'\n")
    draft.rename(server.data)  # a kill before this line leaves nothing half made


def _same_major(server: Cluster, binaries: Path) -> None:
    ours = re.sub(r"\D", "", binaries.parent.name)
    try:
        theirs = (server.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise CannotStart(f"{server.data} holds no PostgreSQL data: move it away") from None
    if ours != theirs:
        raise CannotStart(
            f"{server.data} was written by PostgreSQL {theirs}, this one is {ours}: "
            f"back up with {theirs}, then restore into an empty FACTORY_HOME"
        )


def configure(server: Cluster, extra: str) -> None:
    """This function will write our part of the configuration, if it says something else."""
    wanted = _CONF.format(socket=server.sockets, extra=extra)
    path = server.data / "factory.conf"
    if not path.exists() or path.read_text() != wanted:
        place.write(path, wanted)


def defuse_stale_pid(server: Cluster) -> None:
    """This function will make a left-over postmaster.pid, and the lock of the socket, harmless.

    After a crash its pid may belong to another program, or to the killed server that nobody has
    buried yet, and PostgreSQL then refuses to start. The other lines stay, so its own guard on the
    shared memory still works.
    """
    if server.postmaster() is None:
        (server.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    path = server.data / "postmaster.pid"
    with suppress(FileNotFoundError):
        pid, *rest = path.read_text().splitlines() or [""]
        if not pid.strip().isdigit():
            path.unlink()
        elif not living.names(int(pid), server.data):
            place.write(path, "\n".join([_NO_PROCESS, *rest]) + "\n")
