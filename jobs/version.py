"""Which code this process runs: the product's version, and a digest of its source."""

import hashlib
from functools import cache
from pathlib import Path

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
    base = Path(settings.BASE_DIR)
    digest = hashlib.sha256()
    for path in sorted(_sources(base)):
        digest.update(f"{path.relative_to(base)}\0".encode())
        digest.update(path.read_bytes())
    return f"{settings.FACTORY_VERSION}+{digest.hexdigest()[:12]}"


def _sources(base: Path) -> list[Path]:
    ours = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == base]
    found = [base / "requirements.txt"]
    for folder in (*ours, base / "templates"):
        found += [path for path in folder.rglob("*") if path.suffix in _KINDS]
    return [path for path in found if path.is_file()]
