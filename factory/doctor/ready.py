"""What the web server says of itself, and whether the hosts we fetch from can be reached."""

from collections.abc import Iterator

from django.conf import settings

from factory.doctor import asking, reach
from jobs import beats
from jobs.ports import Check

_ANSWERED = ("database", "valkey", "runners")
_NONE = "none runs here, and none is awaited"


def parts() -> Iterator[Check]:
    """This function will ask what readiness asks: each part, and what is wrong with it."""
    from factory import health

    for part in health.parts():
        fine = "yes" if part.name in _ANSWERED or beats.age(part.name) is not None else _NONE
        yield Check(f"ready: {part.name}", not part.trouble, part.trouble or fine, asking.cure())


def github() -> Check:
    """This function will ask GitHub's API what is left of this machine's quota."""
    return reach.quota(settings.FACTORY_GITHUB_API)


def hosts() -> list[Check]:
    """This function will try every host that repositories are registered of, or that is allowed."""
    from projects.models import Repository

    return reach.try_all(reach.places(Repository.objects.values_list("address", flat=True)))
