"""Which code this process runs: the product's version, and a digest of its source."""

import hashlib
import os
from functools import cache

from django.apps import apps
from django.conf import settings

_KINDS = (".py", ".sql", ".html")


@cache
def of_this_process() -> str:
    """This function will name the code as it is on disk when it is first called.

    A process that lives for long calls it at its start: what is laid on the disk later does not
    change what runs. Two trees with one digest run the same code, whatever git says of them.
    """
    return on_disk()


def on_disk() -> str:
    """This function will name the code that a process would run if it began now."""
    base, digest = str(settings.BASE_DIR), hashlib.sha256()
    for name in sorted(_sources(base)):
        digest.update(f"{name}\0".encode())
        with open(f"{base}/{name}", "rb") as file:
            digest.update(file.read())
    return f"{settings.FACTORY_VERSION}+{digest.hexdigest()[:12]}"


def _sources(base: str) -> list[str]:
    """The names of all files of ours below `base`; without Path, which takes twice as long."""
    ours = [app.path for app in apps.get_app_configs() if os.path.dirname(app.path) == base]
    found = ["requirements.txt"]
    for top in (*ours, f"{base}/templates"):
        for folder, _, names in os.walk(top):
            inside = folder.removeprefix(f"{base}/")
            found += [f"{inside}/{name}" for name in names if name.endswith(_KINDS)]
    return [name for name in found if os.path.isfile(f"{base}/{name}")]
