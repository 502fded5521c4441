"""What the web server says of itself, and whether the hosts we fetch from can be reached."""

from collections.abc import Iterator

from django.conf import settings

from factory.doctor import asking, reach
from factory.supervisor.loop import CLUSTER
from jobs import beats
from jobs.ports import Check

_ANSWERED = ("database", "valkey", "runners")
_BEATS = {"qcluster": CLUSTER}
_NONE = "none runs here, and none is awaited"


def parts() -> Iterator[Check]:
    """This function will ask what readiness asks: each part, and what is wrong with it."""
    from factory import health
    from jobs import liveness

    for part in health.parts():
        beating = _BEATS.get(part.name, (part.name,))
        awaited = any(beats.age(name) is not None for name in beating)
        fine = "yes" if part.name in _ANSWERED or awaited else _NONE
        emptied = liveness.EMPTIED in part.trouble
        cure = "manage.py runners fill --all" if emptied else asking.cure()
        yield Check(f"ready: {part.name}", not part.trouble, part.trouble or fine, cure)


def github() -> Check:
    """This function will ask GitHub's API what is left of this machine's quota."""
    return reach.quota(settings.FACTORY_GITHUB_API)


def hosts() -> list[Check]:
    """This function will try every host that repositories are registered of, or that is allowed."""
    from projects.models import Repository

    return reach.try_all(reach.places(Repository.objects.values_list("address", flat=True)))
