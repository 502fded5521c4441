"""What an installation that others reach must not be started with.

Everything here is what `manage.py check --deploy` would warn of, or what would let it pass while
nothing was safe; it is refused before anything starts. FACTORY_ENV=staging is held to the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from factory import parsers

_EXAMPLE = "factory.example.org"
_KEY_LENGTH, _KEY_SIGNS = 50, 5  # as Django's security.W009
_WEAK_BEGINNINGS = ("django-insecure", "change", "secret", "example", "default")


def complaints(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """This function will go through what `values` may not be outside dev: a name and a sentence.

    `environment` tells what was given from what is a default.
    """
    if values["FACTORY_ENV"] == "dev":
        return
    for name, complaint in _COMPLAINTS.items():
        given = environment.get(name, "").strip()
        if cause := complaint(values, given, values["FACTORY_ENV"]):
            shown = (
                f'{name}="{parsers.printable(given)}"' if given and name not in _HIDDEN else name
            )
            yield name, f"{shown}: {cause}"


def _debug(values: Mapping[str, Any], given: str, env: str) -> str:
    if values["FACTORY_DEBUG"]:
        return f"shows tracebacks and settings to everybody: use false with FACTORY_ENV={env}"
    return ""


def _url(values: Mapping[str, Any], given: str, env: str) -> str:
    if not given:
        return f"not given: FACTORY_ENV={env} needs the address people type: https://{_EXAMPLE}"
    if not given.startswith("https://"):
        return f"passwords would travel unprotected with FACTORY_ENV={env}: use https://"
    return ""


def _allowed_hosts(values: Mapping[str, Any], given: str, env: str) -> str:
    if not given:
        return f"not given: FACTORY_ENV={env} needs the names people type, such as {_EXAMPLE}"
    if "*" in given:
        return "answers under any name, so that links can be forged: name the hosts people type"
    own = urlsplit(values["FACTORY_URL"] or "").hostname
    if own and not any(_names(pattern, own) for pattern in values["FACTORY_ALLOWED_HOSTS"]):
        return f"does not name the host of FACTORY_URL: add {own}"
    return ""


def _names(pattern: str, host: str) -> bool:
    # As Django's ALLOWED_HOSTS: a leading dot stands for the domain and all below it.
    return host == pattern.strip("[]") or (pattern.startswith(".") and f".{host}".endswith(pattern))


def _secret_key(values: Mapping[str, Any], given: str, env: str) -> str:
    weak = len(given) < _KEY_LENGTH or len(set(given)) < _KEY_SIGNS
    if given and (weak or given.lower().startswith(_WEAK_BEGINNINGS)):
        return (
            f"too weak to sign with: use {_KEY_LENGTH} random characters or more, "
            "or leave it out: one is made and kept in FACTORY_HOME"
        )
    return ""


def _proxies(values: Mapping[str, Any], given: str, env: str) -> str:
    if not given:
        return (
            f"not given: FACTORY_ENV={env} is served over https by a proxy before it: "
            "name the proxy's address, such as 127.0.0.1"
        )
    return ""


def _static(values: Mapping[str, Any], given: str, env: str) -> str:
    if given == "source":
        return f"would serve unhashed files from the tree: leave it out with FACTORY_ENV={env}"
    return ""


_HIDDEN = {"FACTORY_SECRET_KEY"}
_COMPLAINTS = {
    "FACTORY_DEBUG": _debug,
    "FACTORY_URL": _url,
    "FACTORY_ALLOWED_HOSTS": _allowed_hosts,
    "FACTORY_SECRET_KEY": _secret_key,
    "FACTORY_PROXIES": _proxies,
    "FACTORY_STATIC": _static,
}
