"""Which project a command means."""

from jobs.management.contract import BadInput
from projects.models import Project


def named(text: str) -> Project:
    """This function will find a project by its slug or its name, or raise BadInput naming PROJECT."""
    wanted = text.replace("\0", "")
    for word in ("slug", "name"):
        found = Project.objects.filter(**{word: wanted}).first()
        if found is not None:
            return found
    slugs = list(Project.objects.order_by("slug").values_list("slug", flat=True)[:6])
    known = ", ".join(slugs[:5]) + (" and others" if len(slugs) > 5 else "")
    cure = f"use {known}" if slugs else "manage.py register makes the first"
    raise BadInput(f"PROJECT: there is no project {wanted[:100]!a}; {cure}")
