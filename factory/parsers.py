"""What the text of an environment variable may look like, and what it becomes."""

import ipaddress
import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Parser = Callable[[str], Any]
_HOST = re.compile(
    r"(?:\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]|\*)(?::\d+)?"
)
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class Malformed(ValueError):
    """A text that is not what its variable needs; says what would be."""


def printable(text: str) -> str:
    """This function will make a text safe for one line of a terminal, at most 60 characters."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def boolean(text: str) -> bool:
    """This function will read true or false (also 1, 0, yes, no, on, off)."""
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in words:
        raise Malformed("use true or false")
    return words[text.lower()]


def one_of(*words: str) -> Parser:
    """This function will give a parser that accepts these words only."""

    def parse(text: str) -> str:
        if text not in words:
            raise Malformed(f"use {', '.join(words[:-1])} or {words[-1]}")
        return text

    return parse


def word(text: str) -> str:
    """This function will read a short name of small letters, digits, - and _."""
    if not _WORD.fullmatch(text):
        raise Malformed("use up to 32 small letters, digits, - and _")
    return text


def port(text: str) -> int:
    """This function will read a TCP port."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:
        raise Malformed("use a port from 1 to 65535")
    return int(text)


def number(least: int, most: int) -> Parser:
    """This function will make a parser of whole numbers within bounds."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
            raise Malformed(f"use a whole number from {least} to {most}")
        return int(text)

    return parse


def path(text: str) -> Path:
    """This function will read an absolute path; a leading ~ is this account's home."""
    try:
        found = Path(text).expanduser()
    except RuntimeError:
        raise Malformed("this account has no home: use an absolute path") from None
    if not found.is_absolute() or "\0" in text:
        raise Malformed("use an absolute path, such as /var/lib/factory")
    # Not the methods of Path: they raise where this account may not look.
    if os.path.exists(found) and not os.path.isdir(found):
        raise Malformed("that is a file: name a directory")
    return Path(*found.parts)


def file(text: str) -> Path:
    """This function will read the path of a file that exists."""
    found = Path(text).expanduser()
    if not found.is_absolute() or not os.path.isfile(found):
        raise Malformed("no such file: use the absolute path of one")
    return found


def new_file(text: str) -> Path:
    """This function will read the path of a file that may not exist yet."""
    found = Path(text).expanduser()
    if not found.is_absolute() or "\0" in text:
        raise Malformed("use an absolute path, such as /var/log/factory.jsonl")
    if os.path.isdir(found):
        raise Malformed("that is a directory: name a file in it")
    return found


def directories(text: str) -> tuple[Path, ...]:
    """This function will read absolute paths of directories, with colons between them."""
    return tuple(path(part) for part in text.split(":") if part)


def host(text: str) -> str:
    """This function will read one host name or address, without a port."""
    if not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", text):
        if not _HOST.fullmatch(text) or ":" in text or text == "*":
            raise Malformed("use a host name or address, such as 127.0.0.1 or 0.0.0.0")
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        raise Malformed("no such address: use one such as 127.0.0.1, 0.0.0.0 or ::1") from None


def hosts(text: str) -> tuple[str, ...]:
    """This function will read host names with commas between them."""
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for part in found:
        if not _HOST.fullmatch(part):
            raise Malformed(f'"{printable(part)}" is no host: use names such as git.example.org')
    return found


def host_names(text: str) -> tuple[str, ...]:
    """This function will read host names without ports, with commas between them."""
    for part in (found := hosts(text)):
        name, _, number = part.rpartition(":")
        if number.isdigit():
            raise Malformed(f'"{printable(part)}" has a port: write {printable(name)}')
    return found


def networks(text: str) -> tuple[str, ...]:
    """This function will read addresses and networks with commas between them."""
    found = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            raise Malformed(
                f'"{printable(part)}" is no address or network: use such as 127.0.0.1 or 10.0.0.0/24'
            ) from None
        if network.prefixlen == 0:
            raise Malformed("that is everybody: name the proxy's address")
        found.append(str(network.network_address) if "/" not in part else str(network))
    return tuple(found)


def workers(text: str) -> dict[str, int]:
    """This function will read how many runners each pool has: `short=1,long=1`."""
    pools: dict[str, int] = {}
    for part in text.split(","):
        name, _, count = (piece.strip() for piece in part.partition("="))
        if not _WORD.fullmatch(name) or not re.fullmatch(r"[0-9]{1,2}", count) or name in pools:
            raise Malformed("use pools with a number from 0 to 64, such as short=1,long=1")
        pools[name] = int(count)
    if not 1 <= sum(pools.values()) <= 64:
        raise Malformed("use 1 to 64 runners in all, such as short=1,long=1")
    return pools


def modules(text: str) -> tuple[str, ...]:
    """This function will read names of Python modules with commas between them."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        if not all(name.isidentifier() for name in part.split(".")):
            raise Malformed(f'"{printable(part)}" is no module: use names such as reports.tasks')
    return found


def secret(text: str) -> str:
    """This function will read a key that is long enough to sign with."""
    if len(text) < 32:
        raise Malformed("too short: use at least 32 random characters")
    return text


def field_keys(text: str) -> tuple[str, ...]:
    """This function will read Fernet keys with commas between them."""
    from cryptography.fernet import Fernet  # few installations give keys: theirs are kept in a file

    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise Malformed("not a Fernet key: use 32 random bytes in url-safe base64") from None
    return keys


def database(text: str) -> dict[str, Any]:
    """This function will read a PostgreSQL address into what Django's DATABASES wants.

    A host that begins with %2F is the directory of a unix socket, as in libpq.
    """
    url = _split(text, ("postgres", "postgresql"), "postgresql://user:password@host:5432/name")
    name = unquote(url.path[1:])
    if not name or "/" in name:
        raise Malformed("it names no database: use postgresql://user:password@host:5432/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or "") if "%" not in url.netloc else _socket(url),
        "PORT": str(url.port or ""),
        "OPTIONS": dict(parse_qsl(url.query)),
    }


def redis(text: str) -> str:
    """This function will read the address of a Redis or Valkey server."""
    url = _split(text, ("redis", "rediss", "unix"), "redis://host:6379/0 or unix:///path/of/socket")
    if url.scheme == "unix" and len(url.path) < 2:
        raise Malformed("it names no socket: use unix:///path/of/socket")
    if url.scheme != "unix" and not url.hostname:
        raise Malformed("it names no host: use redis://host:6379/0")
    return text


def web_address(text: str) -> str:
    """This function will read an http or https address without a path."""
    url = _split(text, ("http", "https"), "http://host:port or https://host")
    if not url.hostname or url.path.strip("/") or url.query or url.fragment:
        raise Malformed("use http://host:port or https://host, without a path")
    return text.rstrip("/")


def phrase(text: str) -> str:
    """This function will read a short text that can be printed."""
    if not text.isprintable() or len(text) > 500:
        raise Malformed("use at most 500 characters that can be printed")
    return text


def issuer(text: str) -> str:
    """This function will read the address of an OpenID provider: https, or http on this machine."""
    url = _split(text, ("http", "https"), "https://login.example.org/realm")
    if not url.hostname or url.username or url.query or url.fragment:
        raise Malformed("use the issuer's address, such as https://login.example.org/realm")
    if url.scheme == "http" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Malformed("use https: who reads along could log in as anybody")
    return text.rstrip("/")


def api_address(text: str) -> str:
    """This function will read an http or https address, with or without a path."""
    url = _split(text, ("http", "https"), "https://api.github.com")
    if not url.hostname or url.query or url.fragment or "@" in url.netloc:
        raise Malformed("use an address such as https://api.github.com, without credentials")
    return text.rstrip("/")


def _split(text: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port  # the property raises for a port that is no number
    except ValueError:
        raise Malformed(f"not an address: use {example}") from None
    if url.scheme not in schemes or not text.startswith(f"{url.scheme}://"):
        raise Malformed(f"use {example}")
    return url


def _socket(url: SplitResult) -> str:
    # urlsplit().hostname folds to small letters, which a path must not be.
    return unquote(url.netloc.rpartition("@")[2].partition(":")[0])
