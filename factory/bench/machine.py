"""On what a figure was measured."""

import os
import platform
from typing import Any

from django.db import connection


def describe() -> dict[str, Any]:
    """This function will name the processors, memory in GiB and versions a figure depends on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return {
        "cpus": os.cpu_count(),
        "memory_gib": memory,
        "python": platform.python_version(),
        "postgresql": server,
    }
