"""Registering repositories: the one call of the command, the admin and the board's form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from jobs import events, queue
from jobs.models import Job
from jobs.plain import numbered
from projects import access, addresses, portfolio, ssh_keys
from projects.addresses import Address, Refused
from projects.models import Project, Repository

MAX_AT_ONCE = 200


@dataclass(frozen=True)
class _Given:
    """What was given with the addresses; empty means nothing was."""

    branch: str
    token: str = field(repr=False)
    key: str = field(repr=False)
    actor: str


@dataclass(frozen=True)
class Registration:
    """One repository and the job that brings it; `created` is false when it was known."""

    repository: Repository
    job: Job
    created: bool


def register(
    urls: Sequence[str],
    *,
    project: str | None,
    branch: str,
    token: str,
    actor: str,
    key: str = "",
) -> list[Registration]:
    """This function will create repositories and their first job in one transaction.

    Several repositories of one project share one job. Without `project` each project is named
    after its repository; an unknown one is created, and a person who does so becomes its maintainer.
    Registering twice gives the same repository; another `branch` replaces the stored one when it
    was fetched. `token` opens https addresses, `key`, an ssh key's private half, ssh addresses.
    Raises `addresses.Refused`, `ssh_keys.BadKey` and `access.Denied`.
    """
    accepted = _accepted(urls)
    if branch:
        addresses.check_branch(branch)
    _check_token(token, accepted)
    _check_key(key, accepted)
    given = _Given(branch, token, key, actor)
    with transaction.atomic():
        rows = [
            _repository(address, project or _project_name(address, actor), given)
            for address in accepted
        ]
        jobs = _first_jobs([repository for repository, _ in rows], given)
    return [Registration(repository, jobs[repository.pk], new) for repository, new in rows]


def open_with(repository: Repository, *, actor: str, token: str = "", key: str = "") -> None:
    """This function will keep a token or an ssh key in place of an earlier one.

    Raises what `register` raises.
    """
    if not token and not key:
        raise Refused("it is empty; copy it again", field="token")
    address = [addresses.parse(repository.address)]
    _check_token(token, address)
    _check_key(key, address)
    with transaction.atomic():
        _replace_credentials(repository, _Given("", token, key, actor))


def sync(repository: Repository, *, actor: str, branch: str | None = None) -> Job:
    """This function will enqueue a fetch and a new map, or give the job that waits to do so.

    `branch` is to be fetched instead of the stored one, '' for the remote's own, and stored once
    it is here; one that is stored already changes nothing. Raises `Archived`.
    """
    repository.project.demand_use()
    other = branch is not None and branch != repository.branch
    more = {"branch": branch} if other else {}
    return queue.enqueue(
        "projects.sync",
        {"repository": repository.pk, **more},
        scope=repository.project_id,
        subject=repository.name,
        unique_key=f"sync:{repository.pk}" + (f":{branch}" if other else ""),
        limit_key=repository.limit_key,
        actor=actor,
    )


def map_commit(repository: Repository, commit: str, *, actor: str) -> Job:
    """This function will enqueue a map of one commit, or give the job that waits to make it.

    `commit` is its whole id. The map is kept beside the current one.
    """
    return queue.enqueue(
        "projects.map_commit",
        {"repository": repository.pk, "commit": commit},
        scope=repository.project_id,
        subject=f"{repository.name} at {commit[:12]}",
        unique_key=f"past:{repository.pk}:{commit}",
        limit_key=repository.past_key,
        actor=actor,
    )


def refetch(repository: Repository, *, actor: str, after: float) -> Job:
    """This function will enqueue a fetch nobody asked for, in so many seconds.

    People's own go first, and it makes a new map only of a new commit.
    """
    return queue.enqueue(
        "projects.sync",
        {"repository": repository.pk, "always": False},
        scope=repository.project_id,
        subject=repository.name,
        unique_key=f"refetch:{repository.pk}",
        limit_key=repository.limit_key,
        priority=-10,
        after=after,
        actor=actor,
    )


def _first_jobs(repositories: list[Repository], given: _Given) -> dict[int, Job]:
    """One job a project, so that whoever may see the project may see its job."""
    by_project: dict[int, list[Repository]] = {}
    for repository in repositories:
        by_project.setdefault(repository.project_id, []).append(repository)
    jobs: dict[int, Job] = {}
    for some in by_project.values():
        if len(some) == 1:
            job = sync(some[0], actor=given.actor, branch=given.branch or None)
        else:
            job = _sync_many(some, given)
        jobs |= {repository.pk: job for repository in some}
    return jobs


def _sync_many(repositories: list[Repository], given: _Given) -> Job:
    other = given.branch and any(row.branch != given.branch for row in repositories)
    more = {"branch": given.branch} if other else {}
    return queue.enqueue(
        "projects.register_many",
        {"repositories": [repository.pk for repository in repositories], **more},
        scope=repositories[0].project_id,
        subject=numbered(len(repositories), "repository"),
        actor=given.actor,
    )


def _accepted(urls: Sequence[str]) -> list[Address]:
    if not urls:
        raise Refused(f"there is none; {addresses.FORMS}")
    if len(urls) > MAX_AT_ONCE:
        raise Refused(f"there are {len(urls)}; register at most {MAX_AT_ONCE} at once")
    found: dict[str, Address] = {}
    for number, url in enumerate(urls, 1):
        try:
            address = addresses.parse(url.strip())
        except Refused as error:
            if len(urls) == 1:
                raise
            cause = str(error).removeprefix("address: ")
            raise Refused(cause, field=f"address {number} of {len(urls)}") from error
        same = address.spellings[0]
        found.setdefault(same.lower() if address.any_case else same, address)
    return list(found.values())


def _check_token(token: str, accepted: list[Address]) -> None:
    if not token:
        return
    if not (token.isascii() and token.isprintable() and " " not in token and len(token) <= 1000):
        raise Refused("it holds a space or an odd character; copy it again", field="token")
    if any(address.scheme != "https" for address in accepted):
        raise Refused(
            "tokens open https addresses only; remove it, and give an ssh address its key on the "
            "Credentials page of the project",
            field="token",
        )


def _check_key(key: str, accepted: list[Address]) -> None:
    if not key:
        return
    ssh_keys.load(key)
    if any(address.scheme != "ssh" for address in accepted):
        raise Refused("ssh keys open ssh addresses only; remove it", field="key")


def _repository(address: Address, project_name: str, given: _Given) -> tuple[Repository, bool]:
    project = _project(project_name, given.actor)
    # Its lock: two spellings of one address, given at once, are one repository.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    known = project.repositories.at(address).first()
    if known is not None:
        _replace_credentials(known, given)
        return known, False
    repository = Repository.objects.create(
        project=project,
        address=str(address),
        name=address.name[:200],
        branch=given.branch,
        created_by=given.actor,
    )
    events.publish(
        "repository.registered",
        {"repository": repository.pk, "address": repository.address},
        scope=project.pk,
        subject=repository.name,
        actor=given.actor,
    )
    _keep(repository, given)
    return repository, True


def _replace_credentials(repository: Repository, given: _Given) -> None:
    """What was given now replaces what is stored."""
    if given.token or given.key:
        _demand("credentials", repository.project, given.actor)
    _keep(repository, given)


def _keep(repository: Repository, given: _Given) -> None:
    if given.token:
        repository.token = given.token
        repository.save(update_fields=["token"])
    if given.key:
        repository.keep_key(given.key)
    for kind in [kind for kind in ("token", "key") if getattr(given, kind)]:
        events.publish(
            "credential.kept",
            {"repository": repository.pk, "kind": kind},
            scope=repository.project_id,
            subject=repository.name,
            actor=given.actor,
        )


def _project(name: str, actor: str) -> Project:
    name = name.strip()
    slug = slugify(name)[:100].strip("-")
    if not slug or len(name) > 100 or not name.isprintable():
        raise Refused("it needs a letter or digit and at most 100 characters", field="project")
    project = Project.objects.filter(slug=slug).first()
    if project is not None:
        return _open_to(project, actor)
    made = Project(name=name, slug=slug)
    try:
        return portfolio.create(made, actor=actor, maintainer=_person(actor))
    except ValidationError:
        known = Project.objects.filter(Q(slug=slug) | Q(name=name)).order_by("pk").first()
        if known is None:
            raise
        return _open_to(known, actor)


def _open_to(project: Project, actor: str) -> Project:
    """A project somebody may not see is to them a name like another that cannot be had."""
    person = _person(actor)
    if person and not Project.objects.visible_to(person).filter(pk=project.pk).exists():
        raise Refused("this name cannot be had; choose another", field="project")
    _demand("register", project, actor)
    project.demand_use()
    return project


def _project_name(address: Address, actor: str) -> str:
    """The repository's name, or a longer one where another repository has that project."""
    owner = address.path.rstrip("/").split("/")[-2:][0].lstrip("~")
    names = [address.name, f"{owner}-{address.name}"]
    names += [f"{address.name}-{number}" for number in range(2, 1000)]
    for name in names:
        project = Project.objects.filter(slug=slugify(name)[:100].strip("-")).first()
        if project is None or (
            _may("register", project, actor) and project.repositories.at(address).exists()
        ):
            return name[:100]
    raise Refused("a thousand projects have this name; name one", field="project")


def _demand(act: str, project: Project, actor: str) -> None:
    if not _may(act, project, actor):
        raise access.Denied(
            f"project: you may not {act} in {project.slug}; ask one of its maintainers"
        )


def _may(act: str, project: Project, actor: str) -> bool:
    """Commands act for whoever owns the machine; a person's role is looked up."""
    if not actor.startswith("user:"):
        return True
    person = _person(actor)
    return person is not None and access.allows(person, act, project.pk)


def _person(actor: str) -> Any | None:
    kind, _, number = actor.partition(":")
    if kind != "user" or not number.isdigit():
        return None
    return get_user_model().objects.filter(pk=int(number)).first()
