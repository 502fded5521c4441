"""Who asks the pages during chaos."""

from django.contrib.auth.models import User


def administrator() -> User:
    """This function will give somebody who may see everything."""
    found, _ = User.objects.get_or_create(
        username="chaos", defaults={"is_staff": True, "is_superuser": True}
    )
    return found
