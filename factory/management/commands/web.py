"""Runs the web server."""

from typing import Any

from django.conf import settings

from factory import web
from factory.supervisor import control
from factory.variables import Refused
from jobs.management.contract import OneLine


class Command(OneLine):
    """Answers pages and sockets until SIGTERM; `up` starts it, or a unit of its own."""

    help = __doc__

    def handle(self, **options: Any) -> None:
        """This command will serve on FACTORY_BIND and PORT."""
        if wrong := control.cannot_listen(settings.FACTORY_BIND, settings.FACTORY_PORT):
            raise Refused(wrong)
        web.serve()
