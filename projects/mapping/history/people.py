"""Which authors are machines: their commits are kept, and counted for nobody."""

import re

_NAMES = frozenset(
    {
        "allcontributors",
        "dependabot",
        "dependabot-preview",
        "github actions",
        "github-actions",
        "greenkeeper",
        "greenkeeperio-bot",
        "imgbot",
        "jenkins",
        "mergify",
        "pre-commit-ci",
        "pyup-bot",
        "renovate",
        "renovate bot",
        "renovate-bot",
        "semantic-release-bot",
        "snyk-bot",
        "travis ci",
        "weblate",
        "whitesource renovate",
    }
)
_MARKED = re.compile(r"\[bot\]($|@)|\bbot\[bot\]|^bot@|[-+.]bot@", re.IGNORECASE)


def is_bot(name: str, email: str) -> bool:
    """This function will say whether an author is a machine, by its name and address.

    GitHub ends the names of its apps in `[bot]`; the other names are those of services that commit
    by themselves in public repositories. A person whose name ends in "bot" is a person.
    """
    return (
        name.lower() in _NAMES
        or _MARKED.search(name) is not None
        or _MARKED.search(email) is not None
    )
