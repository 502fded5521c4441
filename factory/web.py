"""The web server as the product runs it; every way to start it comes here."""

from typing import Any

import uvicorn
from django.conf import settings

_GRACE_S = 3
_LONGEST_FRAME = 65_536  # ours are far smaller; uvicorn's own limit is 16 MiB


def serve() -> None:
    """This function will answer on FACTORY_BIND and PORT until SIGTERM or SIGINT."""
    uvicorn.run("factory.asgi:application", **options())


def options() -> dict[str, Any]:
    """This function will give what uvicorn is told.

    Whose X-Forwarded-For and X-Forwarded-Proto are believed is FACTORY_PROXIES alone: uvicorn by
    itself believes whatever comes from 127.0.0.1.
    """
    return {
        "host": settings.FACTORY_BIND,
        "port": settings.FACTORY_PORT,
        "http": "factory.patience:Patient",
        "proxy_headers": bool(settings.FACTORY_PROXIES),
        "forwarded_allow_ips": list(settings.FACTORY_PROXIES),
        "timeout_graceful_shutdown": _GRACE_S,
        "ws_max_size": _LONGEST_FRAME,
        # Each frame is packed for each socket anew: more than half of all the work for many pages.
        "ws_per_message_deflate": False,
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "log_config": None,  # factory.logs has set it up
    }
