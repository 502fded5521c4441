"""What the web server says of itself, and whether the hosts we fetch from can be reached."""

from collections.abc import Iterator

from django.conf import settings

from factory.doctor import reach
from factory.doctor.asking import UP
from jobs.ports import Check


def parts() -> Iterator[Check]:
    """This function will ask what readiness asks: each part, and what is wrong with it."""
    from factory import health

    for part in health.parts():
        yield Check(f"ready: {part.name}", not part.trouble, part.trouble or "yes", UP)


def github() -> Check:
    """This function will ask GitHub's API what is left of this machine's quota."""
    return reach.quota(settings.FACTORY_GITHUB_API)


def hosts() -> list[Check]:
    """This function will try every host that repositories are registered of, or that is allowed."""
    from projects.models import Repository

    return reach.try_all(reach.places(Repository.objects.values_list("address", flat=True)))
