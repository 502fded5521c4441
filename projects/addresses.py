"""Addresses of repositories: what may be registered, and its one canonical form.

Scheme, credentials, length, literal addresses and local roots are judged here and at once; names
are resolved in the job, so registering never waits for DNS. Source of the rules: the threat table
of docs/security.md.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings

from jobs.failures import Anticipated, FailureClass
from projects import hosts

MAX_LENGTH = 2000
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"(?:([^@/:]+)@)?([^@/:\[\]]+):(?!/?/)(.+)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^:@\[\]]*)(?::([0-9]{0,6}))?")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_PATH = re.compile(
    r"(?:%(?!7[Ff])[2-9A-Fa-f][0-9A-Fa-f]|[A-Za-z0-9_.~+@=,!$&'()*:/-]|[^\x00-\xa0])+"
)
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
# These serve a repository with and without the suffix; GitLab redirects, which git may not follow.
_WITHOUT_SUFFIX = {"github.com", "bitbucket.org", "codeberg.org"}
_WITH_SUFFIX = {"gitlab.com"}
# Their paths mean the same in small and capital letters; nobody can know that of other hosts.
_ANY_CASE = _WITHOUT_SUFFIX | _WITH_SUFFIX
FORMS = "write https://host/owner/name, ssh://git@host/owner/name or git@host:owner/name"


class Refused(Anticipated):
    """An address or a branch that is not accepted; the text names field, cause and cure."""

    failure_class = FailureClass.INVALID_INPUT

    def __init__(self, cause: str, field: str = "address") -> None:
        super().__init__(f"{field}: {cause}")


@dataclass(frozen=True)
class Address:
    """An accepted address; `str()` gives the canonical form."""

    scheme: str  # https, ssh or file
    path: str
    host: str = ""
    port: int = 0
    user: str = ""

    def __str__(self) -> str:
        if self.scheme == "file":
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port == hosts.DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{user}{host}{port}{self.path}"

    @property
    def any_case(self) -> bool:
        """Whether the host reads its paths without regard to case."""
        return self.host in _ANY_CASE

    @property
    def spellings(self) -> tuple[str, ...]:
        """The canonical forms that name this same repository: hosts take `.git` or leave it."""
        text = str(self)
        if self.scheme == "file":
            return (text,)
        stem = text.removesuffix(".git")
        return (stem, f"{stem}.git")

    @property
    def name(self) -> str:
        """The repository's own name: the last part of the path, without `.git`."""
        last = self.path.rstrip("/").rpartition("/")[2]
        return last.removesuffix(".git") or "repository"


def parse(text: str) -> Address:
    """This function will accept an address and give it in parts, or raise Refused."""
    _judge_text(text)
    scheme = _SCHEME.match(text)
    if scheme:
        return _with_scheme(scheme[1].lower(), text[scheme.end() :])
    if text.startswith("/"):
        return _local(text)
    if "::" in text.partition("/")[0]:
        raise Refused(
            f"a transport such as {text.partition('::')[0][:20]}:: runs programs; {FORMS}"
        )
    scp = _SCP.fullmatch(text)
    if scp is None:
        raise Refused(f"this is neither a URL nor an absolute path; {FORMS}")
    # A URL's path is decoded by git, this form's is not.
    return _remote("ssh", scp[1] or "", scp[2], "", "/" + scp[3].replace("%", "%25"))


def _judge_text(text: str) -> None:
    if not text:
        raise Refused(f"it is empty; {FORMS}")
    if len(text) > MAX_LENGTH:
        raise Refused(f"it has {len(text):,} characters; use at most {MAX_LENGTH:,}")
    if not text.isprintable() or " " in text or "\\" in text:
        raise Refused("it holds a space, backslash or control character; remove it")
    if len(text.encode()) > MAX_LENGTH:
        raise Refused(f"it has more than {MAX_LENGTH:,} bytes; use a shorter one")
    if text.startswith("-"):
        raise Refused(f"it begins with a hyphen, like an option; {FORMS}")


def _with_scheme(scheme: str, rest: str) -> Address:
    if scheme == "file":
        return _local(rest)
    if scheme not in hosts.DEFAULT_PORTS:
        raise Refused(f"{scheme[:20]}:// is not fetched from; {FORMS}")
    authority, slash, path = rest.partition("/")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        if "@" in rest:
            raise Refused("it carries a password; remove it and give the token by itself")
        raise Refused(f"the host or port cannot be read; {FORMS}")
    return _remote(scheme, parts[1] or "", parts[2], parts[3] or "", slash + path)


def _remote(scheme: str, user: str, host: str, port_text: str, path: str) -> Address:
    _judge_user(scheme, user)
    host = host.lower().removesuffix(".").strip("[]")
    default = hosts.DEFAULT_PORTS[scheme]
    port = int(port_text or default)
    try:
        if not 0 < port < 65536:
            raise hosts.RefusedHost(f"there is no port {port}; leave it out")
        hosts.judge(host, port, default)
    except hosts.RefusedHost as error:
        raise Refused(str(error)) from error
    return Address(scheme, _remote_path(path, host), host, port, user)


def _judge_user(scheme: str, user: str) -> None:
    if user and scheme == "https":
        raise Refused("it carries a user name or password; remove it and give the token by itself")
    if ":" in user:
        raise Refused("it carries a password; remove it, ssh uses keys")
    if user and not _USER.fullmatch(user):
        raise Refused("the user name is not one; use letters, digits, dots and hyphens")


def _unescaped(escape: re.Match[str]) -> str:
    """One spelling for each: what needs no escape has none, and the others have capital digits."""
    sign = chr(int(escape[1], 16))
    return sign if sign.isascii() and (sign.isalnum() or sign in "-._~") else escape[0].upper()


def _remote_path(path: str, host: str) -> str:
    path = _ESCAPE.sub(_unescaped, re.sub("//+", "/", path).rstrip("/"))
    if not path:
        raise Refused(f"it names no repository on the host; {FORMS}")
    if not _PATH.fullmatch(path):
        raise Refused("the path holds a query, a fragment or an odd character; remove it")
    if path.startswith("/-") or {".", ".."} & set(unquote(path).split("/")):
        raise Refused("the path begins like an option or climbs with ..; write the plain path")
    if host in _WITHOUT_SUFFIX:
        return path.removesuffix(".git")
    if host in _WITH_SUFFIX:
        return path.removesuffix(".git") + ".git"
    return path


def _local(text: str) -> Address:
    roots = [Path(root).resolve() for root in settings.FACTORY_LOCAL_REPOS]
    if not text.startswith("/"):
        raise Refused("a file address names a host or a relative path; write file:///absolute/path")
    path = Path(text).resolve()
    if not any(path.is_relative_to(root) for root in roots):
        raise Refused(
            "local repositories are accepted only below FACTORY_LOCAL_REPOS; "
            "move it there, or ask an administrator to add its directory"
        )
    return Address("file", str(path))


def check_branch(name: str) -> str:
    """This function will give a branch name back, or raise Refused.

    Source: git-check-ref-format(1), and stricter: no option, no revision syntax.
    """
    bad = (
        not re.fullmatch(r"[\w.+@#%=,/-]{1,200}", name)
        or re.search(r"^[-/.]|\.\.|//|@\{|/\.|\.lock(/|$)|[/.]$|^@$|^HEAD$", name)
        or name.startswith("refs/")
    )
    if bad:
        raise Refused(
            "this is not the name of a branch; write it as `git branch` shows it", field="branch"
        )
    return name
