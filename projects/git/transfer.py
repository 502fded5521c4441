"""Bringing repositories here: a first clone, and later fetches."""

import contextlib
import fcntl
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from jobs import redaction
from jobs.failures import Anticipated
from projects import hosts
from projects.addresses import Address, Refused, check_branch
from projects.git import agent as key_agent
from projects.git import complaints, door, environment, known_hosts, reading
from projects.git.door import Watch

URL = "<address>"  # stands for the address in arguments until git is started
_PROGRESS = re.compile(r"(?:remote: )?([A-Z][a-z]+ing [a-z]+): +\d+% \((\d+)/(\d+)\)")
_OWN_BRANCH = re.compile(r"^ref: refs/heads/(\S+)\tHEAD$", re.MULTILINE)
_PLAIN = ("--no-tags", "--no-recurse-submodules", "--progress")


def locate(address: Address, token: str = "", key: str = "") -> environment.Source:
    """This function will resolve the host, once, and give where to fetch from.

    Behind FACTORY_PROXY the proxy looks names up: one that this machine cannot look up goes through
    unpinned, one that is private here is refused all the same. Raises what `hosts.resolve` raises.
    """
    if address.scheme == "file":
        return environment.Source(address)
    if address.scheme == "ssh" or not settings.FACTORY_PROXY:
        return environment.Source(address, hosts.resolve(address.host, address.port), token, key)
    with contextlib.suppress(hosts.NoSuchHost, hosts.NameServiceDown):
        hosts.resolve(address.host, address.port)
    return environment.Source(address, "", token)


def clone(source: environment.Source, into: Path, branch: str, watch: Watch) -> str:
    """This function will make a bare clone of one branch and give its newest commit.

    An empty `branch` means the remote's own. The clone grows under a temporary name beside `into`
    and is renamed when it is whole; what an earlier, killed clone left there is removed first.
    Raises a class of `complaints`, or TimedOut.
    """
    sweep(into)
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = into.with_name(f"{into.name}.part-{secrets.token_hex(4)}")
    wanted = ["--branch", branch] if branch else []
    arguments = ["clone", "--bare", "--single-branch", "--no-local", *_PLAIN]
    try:
        _transfer([*arguments, *wanted, "--", URL, str(part)], source, watch)
        commit = reading.head(part, watch)
        if into.exists():
            shutil.rmtree(into)
        part.rename(into)
    except OSError as error:
        raise complaints.failure("clone", 1, str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return commit


def fetch(source: environment.Source, into: Path, branch: str, watch: Watch) -> str:
    """This function will bring an existing clone up to date and give its newest commit.

    An empty `branch` means the remote's own as it is now. Where there is none to name, or the
    clone is broken, it is cloned again.
    """
    sweep(into)
    name = branch or _own_branch(source, into, watch)
    try:
        if name:
            return _fetch_branch(source, into, name, watch)
    except (complaints.NoSuchBranch, complaints.Empty):
        if branch:
            raise
    except (complaints.GitFailed, complaints.Malformed):
        pass  # the clone may be what is broken; it stays until the next one is whole
    return clone(source, into, branch, watch)


def _fetch_branch(source: environment.Source, into: Path, name: str, watch: Watch) -> str:
    refspec = f"+refs/heads/{name}:refs/heads/{name}"
    arguments = [f"--git-dir={into}", "fetch", "--force", "--prune", *_PLAIN]
    _transfer([*arguments, "--", URL, refspec], source, watch)
    reading.point_head(into, name, watch)
    return reading.head(into, watch)


def _own_branch(source: environment.Source, into: Path, watch: Watch) -> str:
    """The branch the remote's HEAD stands for, or '' when it stands for a bare commit.

    A remote that says nothing of its HEAD is believed to have kept it.
    """
    said: list[bytes] = []
    _transfer(["ls-remote", "--symref", "--", URL, "HEAD"], source, watch, said.append)
    answer = b"".join(said).decode(errors="replace")
    found = _OWN_BRANCH.search(answer)
    if found:
        return _safe(found[1])
    return "" if answer else reading.branch(into, watch)


def _safe(name: str) -> str:
    """A hostile host may name a branch that is an option or a pattern: then it has none."""
    try:
        return check_branch(name)
    except Refused:
        return ""


def bring(source: environment.Source, into: Path, branch: str, watch: Watch) -> str:
    """This function will clone or fetch, whichever is due, and give the newest commit.

    Two at once on one clone take turns: what one sweeps away, the other may be writing.
    """
    with _alone(into, watch):
        if door.git_dir(into) is None:
            return clone(source, into, branch, watch)
        return fetch(source, into, branch, watch)


@contextmanager
def _alone(into: Path, watch: Watch) -> Iterator[None]:
    """The kernel gives the lock back when its holder dies, however it dies."""
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + watch.idle_s
    with open(into.with_name(f"{into.name}.lock"), "w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise door.TimedOut("Another job is fetching this repository.") from None
                time.sleep(0.1)
        yield


def sweep(into: Path) -> list[Path]:
    """This function will remove what killed jobs left: half clones beside `into`, locks below it."""
    left = sorted(into.parent.glob(f"{into.name}.part-*"))
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    for lock in into.rglob("*.lock"):
        lock.unlink(missing_ok=True)
    return left


def _transfer(
    arguments: list[str],
    source: environment.Source,
    watch: Watch,
    on_output: Callable[[bytes], None] = lambda data: None,
) -> None:
    """`arguments` name the address as URL."""
    try:
        _run(arguments, source, watch, on_output)
    except complaints.Redirected:
        if source.address.scheme != "https" or source.address.path.endswith(".git"):
            raise
        # GitLab serves `name.git` and redirects from `name`; elsewhere we are not led.
        suffixed = replace(source.address, path=source.address.path + ".git")
        _run(arguments, replace(source, address=suffixed), watch, on_output)


def _run(
    arguments: list[str],
    source: environment.Source,
    watch: Watch,
    on_output: Callable[[bytes], None],
) -> None:
    named = [source.url if word == URL else word for word in arguments]
    with contextlib.ExitStack() as stack:
        agent = stack.enter_context(key_agent.holding(source.key)) if source.key else ""
        variables = environment.for_transfer(source, agent)
        on_line = _progress(watch.on_progress)
        status, said = door.run(named, variables, watch, on_output, on_line)
    if status != 0:
        raise _explained(arguments, source, status, said)


def _explained(
    arguments: list[str], source: environment.Source, status: int, said: str
) -> Anticipated:
    name = next(word for word in arguments if not word.startswith("-"))
    said = said.replace(source.url, "the address")
    for secret in source.secrets():
        said = said.replace(secret, redaction.MARK)
    host = known_hosts.name(source.address.host, source.address.port)
    return complaints.failure(name, status, said, host)


def _progress(tell: Callable[[str, int, int], None]) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        found = _PROGRESS.match(line)
        if found:
            tell(found[1], int(found[2]), int(found[3]))

    return on_line
