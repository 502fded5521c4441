"""Private keys that commands are given: as files, since an argument stands in every process list."""

from pathlib import Path

from jobs.management.contract import BadInput
from projects import ssh_keys


def private_key(path: str, argument: str) -> str:
    """This function will read a private key from a file; raises BadInput naming the argument."""
    try:
        text = Path(path).read_text(errors="replace")
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "not a path"
        raise BadInput(f"{argument}: {path[:200]!a}: {cause}; name a file you may read") from None
    try:
        return ssh_keys.accept(text)
    except ssh_keys.BadKey as error:
        cause = str(error).removeprefix("key: ")
        raise BadInput(f"{argument}: {path[:200]!a}: {cause}") from None
