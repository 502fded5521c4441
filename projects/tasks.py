"""What jobs do to repositories: sync, map, and many at once."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import events, kinds, ports
from jobs.context import Run
from jobs.failures import Anticipated, Failed, FailureClass
from jobs.levels import Level
from jobs.models import Event
from projects import addresses, secrets
from projects.git import log, reading
from projects.git.door import TRANSFER_LIMITS, Watch
from projects.models import Repository

if TYPE_CHECKING:
    from projects.mapping.history.reading import Read
    from projects.mapping.made import Map

CLONE_S = 1500  # one transfer; Linux takes 600 s on an ordinary line
MAP_S = 840
NAMES_S, LINES_S = (
    600,
    1200,
)  # git's time for a history; Linux's names take it 200 s, its lines hours

events.register(
    "repository.registered",
    version=1,
    fields={"repository": int, "address": str},
    meaning="A repository was registered for the first time.",
    lasting=True,
)
events.register(
    "credential.kept",
    version=1,
    fields={"repository": int, "kind": str},
    meaning="Somebody gave or made a token or a key that opens a repository; not which.",
    lasting=True,
)
events.register(
    "host.accepted",
    version=1,
    fields={"host": str, "port": int, "fingerprint": str},
    meaning="Somebody compared an ssh host's key and accepted it, on the machine of the command.",
    lasting=True,
)
events.register(
    "repository.synced",
    version=1,
    fields={"repository": int, "commit": str},
    meaning="A repository was fetched; the commit is its newest.",
)
events.register(
    "map.completed",
    version=1,
    fields={"repository": int, "map": int, "commit": str, "digest": str},
    meaning="A new map of a repository is the current one.",
)
for _name, _meaning in (
    ("map.pinned", "Somebody wants a map kept, however old it becomes."),
    ("map.unpinned", "A map that was pinned is removed again when it is old."),
):
    events.register(
        _name,
        version=1,
        fields={"repository": int, "map": int, "commit": str},
        meaning=_meaning,
        lasting=True,
    )
events.register(
    "history.completed",
    version=1,
    fields={"repository": int, "commit": str, "state": str},
    meaning="Who changed what in a repository is known up to that commit, as far as it can be.",
)


@kinds.register("projects.sync", queue="long", timeout=1800, idle=180)
def sync(
    run: Run, *, repository: int, branch: str | None = None, always: bool = True
) -> Failed | None:
    """Clones or fetches one repository."""
    found = _find(repository)
    if found is None:
        return _gone(repository)
    with _noting_failure(found):
        commit = _bring(run, found, _tell(run), branch)
    with run.completing({"commit": commit}):
        if always or not found.shows(commit):
            _record(run, found, commit, branch)
        else:  # nobody asked: what is mapped as it is need not be mapped again
            found.record_sync(commit)
    return None


@kinds.register("projects.register_many", queue="long", timeout=6 * 3600, idle=180)
def register_many(run: Run, *, repositories: list[int], branch: str | None = None) -> Failed | None:
    """Clones several repositories, one after the other; each gets a map job of its own."""
    names = dict(Repository.objects.filter(pk__in=repositories).values_list("pk", "name"))
    items = run.items(
        repositories, noun="repositories", label=lambda pk: names.get(pk, f"repository {pk}")
    )
    for item in items:
        with item:
            found = _find(int(item.key))
            if found is None:  # a person did that, knowingly: the others are none the worse
                run.log(_gone(int(item.key)).message)
                item.drop()
                continue
            with _noting_failure(found):
                commit = _bring(run, found, _logged(run, found.name), branch)
            with item.recording():  # at once: those that are here need not wait for the slowest
                _record(run, found, commit, branch)
    if failed := items.outcome():
        return failed
    with run.completing({"repositories": len(repositories)}):
        pass
    return None


@kinds.register("projects.map", queue="long", timeout=CLONE_S + 900, idle=180)
def map_repository(run: Run, *, repository: int) -> Failed | None:
    """Maps the newest commit of one repository."""
    from projects import maps  # with the job: no command or page needs what makes maps

    found = _find(repository)
    if found is None:
        return _gone(repository)
    if not found.head_commit:
        return Failed(FailureClass.INVALID_INPUT, "The repository was not fetched yet; sync it.")
    with _noting_failure(found):
        made = _made(run, found)
    files = made.counts["files"]
    run.progress(files, files, "publishing")
    run.log(f"commit {made.commit}: {files} files, {made.counts['edges']} edges")
    result = {"commit": made.commit, "digest": made.digest, **made.counts}
    with run.completing(result):
        if made.commit != found.head_commit:
            found.record_sync(made.commit)
        published = maps.publish(found, made, run.job_id)
        for sentence in made.counts["alarms"]:
            run.log(sentence, Level.WARNING)
        events.publish(
            "map.completed",
            {
                "repository": found.pk,
                "map": published.pk,
                "commit": made.commit,
                "digest": made.digest,
            },
            scope=found.project_id,
            subject=found.name,
            actor=run.actor,
            cause=run.cause,
        )
    return None


def _made(run: Run, repository: Repository, wanted: str = "") -> "Map":
    """The map of a commit, or of the newest one."""
    from projects import maps
    from projects.mapping import build
    from projects.mapping.extraction import Tools

    watch = Watch(MAP_S, 120, reading.READ_LIMITS, run.tend, _tell(run), run.starting)
    newest = _here(run, repository, watch)
    commit = reading.commit(repository.clone, wanted, watch) if wanted else newest
    tools = Tools(watch, run.command, maps.bounds())
    return build.build(repository.clone, commit, tools, maps.FactsCache())


@kinds.register("projects.map_commit", queue="long", timeout=CLONE_S + 900, idle=180)
def map_commit(run: Run, *, repository: int, commit: str) -> Failed | None:
    """Maps one commit of a repository, to be compared with others; the current map stays."""
    from projects import maps

    found = _find(repository)
    if found is None:
        return _gone(repository)
    if not found.head_commit:
        return Failed(FailureClass.INVALID_INPUT, "The repository was not fetched yet; sync it.")
    made = _made(run, found, commit)
    with run.completing({"commit": made.commit, "digest": made.digest, **made.counts}):
        maps.keep(found, made, run.job_id)
    return None


@kinds.register("projects.history", queue="long", timeout=CLONE_S + 2400, idle=600)
def read_history(run: Run, *, repository: int) -> Failed | None:
    """Counts who changed which files of one repository, and when: commits first, then lines."""
    from projects import recording  # with the job, as above
    from projects.mapping.history.reading import Reader

    found = _find(repository)
    if found is None:
        return _gone(repository)
    if not found.head_commit:
        return Failed(FailureClass.INVALID_INPUT, "The repository was not fetched yet; sync it.")
    names = Watch(NAMES_S, 300, log.LOG_LIMITS, run.tend, _tell(run), run.starting)
    commit = _here(run, found, names)
    reader = Reader(
        found.clone, commit, names, replace(names, deadline_s=LINES_S), recording.Aside()
    )
    for read in reader.read(recording.known(found)):
        run.progress(read.tally.commits, read.tally.commits, "publishing")
        if read.is_final:
            _complete_history(run, found, read)
            break
        with transaction.atomic():
            recording.publish(found, read, run.job_id)
            run.checkpoint({"commit": commit})  # fails the commit of a job that was lost
    return None


def subscribe() -> None:
    """This function will have every synced repository mapped, and its history read."""
    for kind, name, key, priority in (
        ("projects.map", "map", "repository", 0),
        ("projects.history", "history", "history", -1),  # a map is what people wait for
    ):
        ports.subscribers.register(
            "repository.synced",
            ports.Subscriber(kind, _only_repository, _options(name, key, priority)),
        )


def _only_repository(event: Event) -> dict[str, int]:
    return {"repository": events.payload(event)["repository"]}


def _options(name: str, key: str, priority: int) -> Callable[[Event], dict[str, Any]]:
    # The unique key counts unstarted jobs only: a push during a running job gets its own.
    def options(event: Event) -> dict[str, Any]:
        repository = events.payload(event)["repository"]
        return {
            "unique_key": f"{name}:{repository}",
            "limit_key": f"{key}:{repository}",
            "priority": priority,
        }

    return options


def _complete_history(run: Run, repository: Repository, read: "Read") -> None:
    from projects import recording

    with run.completing({"commit": read.commit}):
        history = recording.publish(repository, read, run.job_id)
        events.publish(
            "history.completed",
            {"repository": repository.pk, "commit": read.commit, "state": history.state},
            scope=repository.project_id,
            subject=repository.name,
            actor=run.actor,
            cause=run.cause,
        )


def _here(run: Run, repository: Repository, watch: Watch) -> str:
    """The newest commit, which may have been fetched on another machine."""
    if reading.has(repository.clone, repository.head_commit, watch):
        return repository.head_commit
    run.log("The clone is not on this machine: it is brought first.", Level.WARNING)
    return _bring(run, repository, _tell(run))


def _find(pk: int) -> Repository | None:
    return Repository.objects.filter(pk=pk).first()


def _gone(pk: int) -> Failed:
    return Failed(FailureClass.NOT_FOUND, f"Repository {pk} was removed meanwhile.")


def _bring(
    run: Run,
    repository: Repository,
    tell: Callable[[str, int, int], None],
    branch: str | None = None,
) -> str:
    """The address is judged again: what it leads to may have changed since it was registered."""
    from projects.git import transfer  # with the job, as in the handlers

    wanted = repository.branch if branch is None else branch
    if wanted:
        addresses.check_branch(wanted)
    address = addresses.parse(repository.address)
    token, key = secrets.opened(repository.token), secrets.opened(repository.ssh_key)
    source = transfer.locate(address, token, key)
    watch = Watch(CLONE_S, 150, TRANSFER_LIMITS, run.tend, tell, run.starting)
    return transfer.bring(source, repository.clone, wanted, watch)


def _record(run: Run, repository: Repository, commit: str, branch: str | None) -> None:
    repository.record_sync(commit, branch)
    events.publish(
        "repository.synced",
        {"repository": repository.pk, "commit": commit},
        scope=repository.project_id,
        subject=repository.name,
        actor=run.actor,
        cause=run.cause,
    )


@contextlib.contextmanager
def _noting_failure(repository: Repository) -> Iterator[None]:
    try:
        yield
    except Anticipated as error:
        repository.record_failure(error)
        raise


def _tell(run: Run) -> Callable[[str, int, int], None]:
    return lambda phase, current, total: run.progress(current, total, phase)


def _logged(run: Run, name: str) -> Callable[[str, int, int], None]:
    """A sign of life each second while one repository of many is fetched."""
    last = time.monotonic()

    def tell(phase: str, current: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 1:
            last = time.monotonic()
            run.log(f"{name}: {phase} {current}/{total}")

    return tell
