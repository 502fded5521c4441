"""A form that makes something and is sent twice makes it once: the second is answered as the first.

Each form carries a number of its own (`{% once %}`). Who sends it again with other words means
something else, and is given it.
"""

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from jobs.models import Sending

View = Callable[..., HttpResponse]
FIELD = "once"
"""The field that holds the number."""
AGAIN = "This was sent before, and was done once: nothing was made anew."
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 — the name of a field


def fresh() -> str:
    """This function will give the number of one more form."""
    return uuid4().hex


def once(view: View) -> View:
    """This function will have a view do what a form asks for once, however often it is sent.

    What it does and that it was done are one transaction. A form that was refused may be sent
    again, and one without a number is as many as its sendings.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(FIELD):
            return view(request, *args, **more)
        with transaction.atomic():
            # The same at the same time waits here for the end of the first.
            sending, new = Sending.objects.get_or_create(digest=_digest(request))
            if not new:
                return _as_before(request, sending)
            known = len(messages.get_messages(request))
            answer = view(request, *args, **more)
            said = _said(request, known)
            if answer.status_code != 302:
                transaction.set_rollback(True)
            elif any(level >= messages.ERROR for level, *_ in said):
                sending.delete()
            else:
                sending.address, sending.said = answer["Location"], said
                sending.save(update_fields=["address", "said"])
            return answer

    return answered


def _digest(request: HttpRequest) -> str:
    """Who, where and what: two that differ in anything are two."""
    fields = sorted((name, some) for name, some in request.POST.lists() if name != _TOKEN)
    return sha256(json.dumps([request.user.pk, request.path, fields]).encode()).hexdigest()


def _said(request: HttpRequest, known: int) -> list[Any]:
    """What the view told besides what was there; it is told all the same."""
    storage: Any = messages.get_messages(request)
    told = list(storage)[known:]
    storage.used = False
    return [[one.level, str(one.message), one.extra_tags] for one in told]


def _as_before(request: HttpRequest, sending: Sending) -> HttpResponse:
    for level, text, tags in sending.said:
        messages.add_message(request, level, text, extra_tags=tags)
    messages.info(request, AGAIN)
    return redirect(sending.address)
