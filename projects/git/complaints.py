"""What git complains of, and the failure each complaint is."""

import re
import signal

from jobs.failures import Anticipated, FailureClass
from projects.git.door import TimedOut


class GitFailed(Anticipated):
    """Git failed in a way nobody thought of; its own last line is the sentence."""


class Unreachable(Anticipated):
    """The host did not answer, or broke off."""

    failure_class = FailureClass.TRANSIENT_NETWORK


class RateLimited(Anticipated):
    """The host asks for patience."""

    failure_class = FailureClass.RATE_LIMITED


class NotAuthorised(Anticipated):
    """The host wants a log-in, or does not accept this one."""

    failure_class = FailureClass.AUTH


class Untrusted(Anticipated):
    """The host's certificate or key is not one we trust."""

    failure_class = FailureClass.AUTH


class ProxyRefused(Anticipated):
    """The proxy does not let us through."""

    failure_class = FailureClass.AUTH


class NoSuchRepository(Anticipated):
    """The host has no repository there."""

    failure_class = FailureClass.NOT_FOUND


class NoSuchBranch(Anticipated):
    """The repository has no such branch."""

    failure_class = FailureClass.NOT_FOUND


class NoSuchCommit(Anticipated):
    """The repository has no such commit."""

    failure_class = FailureClass.NOT_FOUND


class Empty(Anticipated):
    """The repository has no commit yet."""

    failure_class = FailureClass.INVALID_INPUT


class NotGit(Anticipated):
    """What answers there is no git server."""

    failure_class = FailureClass.INVALID_INPUT


class Redirected(Anticipated):
    """The host says the repository lives elsewhere."""

    failure_class = FailureClass.INVALID_INPUT


class Malformed(Anticipated):
    """The repository holds objects git itself refuses."""

    failure_class = FailureClass.INVALID_INPUT


class TooLarge(Anticipated):
    """The repository is larger than the limits."""

    failure_class = FailureClass.RESOURCE_EXHAUSTED


class DiskFull(Anticipated):
    """There is no room left on this machine."""

    failure_class = FailureClass.RESOURCE_EXHAUSTED


# The first that matches decides: what stopped git stands before what git made of it.
_OURS: tuple[tuple[str, type[Anticipated], str], ...] = (
    (
        r"no space left on device|disk quota exceeded",
        DiskFull,
        "The disk is full; make room below FACTORY_HOME and retry.",
    ),
    (
        r"file too large|died of signal 25|pack exceeds maximum|out of memory|cannot allocate",
        TooLarge,
        "The repository is larger than one clone may be.",
    ),
    (
        r"died of signal 9\b",
        GitFailed,
        "Git was killed from outside, perhaps for want of memory on this machine.",
    ),
    (r"died of signal 24", TimedOut, "Git used more processor time than one transfer may."),
    (
        r"died of signal 11",
        TooLarge,
        "Git broke over this repository: it is built deeper than git can follow.",
    ),
)
_ANYWHERE: tuple[tuple[str, type[Anticipated], str], ...] = (
    (
        r"could not resolve proxy|failed to connect to .* proxy|proxy connect aborted|"
        r"(?:from proxy after connect|connect tunnel failed, response) *:?\s*5\d\d|code 5\d\d from proxy",
        Unreachable,
        "The proxy did not answer, or cannot reach the host; check FACTORY_PROXY.",
    ),
    (
        r"from proxy after connect|connect tunnel failed",
        ProxyRefused,
        "The proxy refuses; check the user and password in FACTORY_PROXY and what it lets through.",
    ),
    (r"could not resolve host", Unreachable, "The host could not be looked up."),
    (
        r"remote host identification has changed|host key for .* has changed",
        Untrusted,
        "The host's key is not the one we know: somebody may stand in between. If its owner did "
        "change it, accept the new one: manage.py ssh_host HOST",
    ),
    (
        r"host key verification failed|host key is known for",
        Untrusted,
        "The host's key is not known here; compare and accept it: manage.py ssh_host HOST",
    ),
    (
        r"ssl certificate|certificate verif|server certificate|certificate subject",
        Untrusted,
        "The host's certificate is not trusted; name its authority in FACTORY_GIT_CA.",
    ),
    (
        r"returned error: 30\d|redirect",
        Redirected,
        "The host redirects; register the address it redirects to.",
    ),
    (r"returned error: 429", RateLimited, "The host asks for fewer requests; try again later."),
    (
        r"permission denied \(|too many authentication failures",
        NotAuthorised,
        "The host accepts none of our ssh keys; add the repository's public key there "
        "(manage.py ssh_key shows it).",
    ),
    (
        r"could not read (username|password)|authentication failed|returned error: (401|403)",
        NotAuthorised,
        "The host asks for a log-in: the repository is private or absent; give a valid token.",
    ),
    (
        r"couldn't find remote ref|remote branch .* not found",
        NoSuchBranch,
        "The repository has no such branch; check the branch's name.",
    ),
    (
        r"fsck error|error in .*object|^error: object .*: |bad object|sha1 mismatch|pack is corrupt|"
        r"inflate: data stream error|pack has bad|unpack-objects|"
        r"empty filename in tree|malformed mode in tree|too-short tree",
        Malformed,
        "The repository holds malformed objects that git refuses.",
    ),
    (
        r"repository .* not found|not appear to be a git repository|does not exist|"
        r"returned error: (404|410)|repository not found|could not be found",
        NoSuchRepository,
        "There is no repository at this address; check it.",
    ),
    (
        r"not valid: is this a git|invalid server response|protocol error|unsupported protocol|"
        r"http/0\.9|unable to parse|bad line length|expected flush after",
        NotGit,
        "What answers at this address is no git server, or a log-in page; check the address.",
    ),
    (
        r"operation too slow|operation timed out|connection timed out|timeout, server",
        TimedOut,
        "The host answers too slowly.",
    ),
    (
        r"connection (refused|reset)|failed to connect|couldn't connect|early eof|"
        r"unexpected disconnect|hung up unexpectedly|network is unreachable|"
        r"no route to host|returned error: 5\d\d|rpc failed|gnutls|empty reply|timed out|"
        r"connection closed",
        Unreachable,
        "The host did not answer, or broke off.",
    ),
    (
        r"invalid index-pack output",  # alone: it had no time to say why
        GitFailed,
        "Git was killed while it unpacked: by a limit of processor time or memory, or from outside.",
    ),
)


def failure(name: str, status: int, complaints: str, host: str = "HOST") -> Anticipated:
    """This function will give the failure that a git command's complaints amount to."""
    lines = complaints.splitlines()
    # What the other side says of a disk or of memory is not about this machine.
    ours = "\n".join(line for line in lines if not line.startswith("remote:"))
    if status == -signal.SIGSEGV:
        ours += "\ndied of signal 11"
    for table, text in ((_OURS, ours), (_ANYWHERE, complaints)):
        for pattern, kind, sentence in table:
            if re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
                return kind(sentence.replace("HOST", host))
    last = next((line for line in reversed(lines) if line.strip()), "")
    shown = "".join(char if char.isprintable() else " " for char in last[:200])
    return GitFailed(f"git {name} failed with status {status}: {shown or 'it said nothing'}")
