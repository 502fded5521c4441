"""What async_task is given in tests, as a module of tasks that the settings name."""

from jobs import plain


def printable(text: str) -> str:
    """Give a text back without what cannot be printed."""
    return plain.printable(text)


def broken(text: str) -> None:
    """Fail, and say why."""
    raise ValueError(f"no such state: {text}")
