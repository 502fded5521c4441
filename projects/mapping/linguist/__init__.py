"""What a file is, by the rules of github-linguist, so that shares are those GitHub shows.

Its data stand beside this as it publishes them; what its code decides is told again in `signs`.
"""

from pathlib import Path


def lines(name: str) -> list[str]:
    """This function will give the lines of a data file of this folder, without comments."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]
