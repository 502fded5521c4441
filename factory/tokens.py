"""Bearer tokens: who a program speaks for, and what it may do."""

import re

from django.http import HttpRequest

from factory.models import ApiToken
from factory.models.token import digest

_BEARER = re.compile(r"bearer[ ]+([\x21-\x7e]{1,200})[ ]*", re.IGNORECASE)


def authenticate(request: HttpRequest) -> ApiToken | None:
    """This function will give the bearer token of a request, with its user.

    None: there is none, or it is unknown, over, revoked, or of somebody who is not active.
    """
    given = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if given is None:
        return None
    token = ApiToken.objects.live().filter(digest=digest(given[1])).first()
    if token is not None:
        token.used()
    return token
