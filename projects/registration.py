"""Registering repositories: the one call of the command, the admin and the board's form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from jobs import events, queue
from jobs.models import Job
from projects import access, addresses
from projects.addresses import Address, Refused
from projects.models import Membership, Project, Repository, Role

MAX_AT_ONCE = 200


@dataclass(frozen=True)
class Registration:
    """One repository and the job that brings it; `created` is false when it was known."""

    repository: Repository
    job: Job
    created: bool


def register(
    urls: Sequence[str], *, project: str | None, branch: str, token: str, actor: str
) -> list[Registration]:
    """This function will create repositories and their first job in one transaction.

    Several repositories of one project share one job. Without `project` each project is named
    after its repository; an unknown one is created, and a person who does so becomes its maintainer.
    Registering twice gives the same repository. Raises `addresses.Refused` and `access.Denied`.
    """
    accepted = _accepted(urls)
    if branch:
        addresses.check_branch(branch)
    _check_token(token, accepted)
    with transaction.atomic():
        rows = [
            _repository(address, project or _project_name(address, actor), branch, token, actor)
            for address in accepted
        ]
        jobs = _first_jobs([repository for repository, _ in rows], actor)
    return [Registration(repository, jobs[repository.pk], new) for repository, new in rows]


def sync(repository: Repository, *, actor: str) -> Job:
    """This function will enqueue a fetch and a new map, or give the job that waits to do so."""
    return queue.enqueue(
        "projects.sync",
        {"repository": repository.pk},
        scope=repository.project_id,
        subject=repository.name,
        unique_key=f"sync:{repository.pk}",
        limit_key=repository.limit_key,
        actor=actor,
    )


def _first_jobs(repositories: list[Repository], actor: str) -> dict[int, Job]:
    """One job a project, so that whoever may see the project may see its job."""
    by_project: dict[int, list[Repository]] = {}
    for repository in repositories:
        by_project.setdefault(repository.project_id, []).append(repository)
    jobs: dict[int, Job] = {}
    for some in by_project.values():
        job = sync(some[0], actor=actor) if len(some) == 1 else _sync_many(some, actor)
        jobs |= {repository.pk: job for repository in some}
    return jobs


def _sync_many(repositories: list[Repository], actor: str) -> Job:
    return queue.enqueue(
        "projects.register_many",
        {"repositories": [repository.pk for repository in repositories]},
        scope=repositories[0].project_id,
        subject=f"{len(repositories)} repositories",
        actor=actor,
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
        found.setdefault(str(address), address)
    return list(found.values())


def _check_token(token: str, accepted: list[Address]) -> None:
    if not token:
        return
    if not (token.isascii() and token.isprintable() and " " not in token and len(token) <= 1000):
        raise Refused("it holds a space or an odd character; copy it again", field="token")
    if any(address.scheme != "https" for address in accepted):
        raise Refused("tokens open https addresses only; remove it", field="token")


def _repository(
    address: Address, project_name: str, branch: str, token: str, actor: str
) -> tuple[Repository, bool]:
    project = _project(project_name, actor)
    repository, created = Repository.objects.get_or_create(
        project=project,
        address=str(address),
        defaults={
            "name": address.name[:200],
            "branch": branch,
            "token": token,
            "created_by": actor,
        },
    )
    if created:
        events.publish(
            "repository.registered",
            {"repository": repository.pk, "address": repository.address},
            scope=project.pk,
            subject=repository.name,
            actor=actor,
        )
    elif branch or token:
        _change(repository, branch, token, actor)
    return repository, created


def _change(repository: Repository, branch: str, token: str, actor: str) -> None:
    """What was given now replaces what is stored."""
    if token:
        _demand("credentials", repository.project, actor)
    given = {name: value for name, value in (("branch", branch), ("token", token)) if value}
    for name, value in given.items():
        setattr(repository, name, value)
    repository.save(update_fields=list(given))


def _project(name: str, actor: str) -> Project:
    slug = slugify(name)[:100].strip("-")
    if not slug or len(name) > 100 or not name.isprintable():
        raise Refused("it needs a letter or digit and at most 100 characters", field="project")
    project = Project.objects.filter(slug=slug).first()
    if project is not None:
        _demand("register", project, actor)
        return project
    try:
        with transaction.atomic():
            project = Project.objects.create(name=name, slug=slug)
    except IntegrityError:
        project = Project.objects.filter(slug=slug).first() or Project.objects.get(name=name)
        _demand("register", project, actor)
        return project
    person = _person(actor)
    if person is not None:
        Membership.objects.create(project=project, user=person, role=Role.MAINTAINER)
    return project


def _project_name(address: Address, actor: str) -> str:
    """The repository's name, or a longer one where another repository has that project."""
    owner = address.path.rstrip("/").split("/")[-2:][0].lstrip("~")
    names = [address.name, f"{owner}-{address.name}"]
    names += [f"{address.name}-{number}" for number in range(2, 1000)]
    for name in names:
        project = Project.objects.filter(slug=slugify(name)[:100].strip("-")).first()
        if project is None or (
            _may("register", project, actor)
            and project.repositories.filter(address=str(address)).exists()
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
