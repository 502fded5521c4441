"""What a git process is told: its environment, its configuration, and nothing of the server's."""

import base64
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from projects import hosts
from projects.addresses import Address
from projects.git import authorities, kept, ssh

_GITHUB = {"github.com"}
# Old and famous repositories hold these; none can do harm to a bare clone.
_HISTORICAL = {
    "zeroPaddedFilemode": "trees written by early clients",
    "badTimezone": "clocks of early importers",
    "missingSpaceBeforeDate": "commits made by scripts",
    "missingSpaceBeforeEmail": "commits made by scripts",
    "missingNameBeforeEmail": "commits made by scripts",
    "missingEmail": "commits made by scripts",
    "badEmail": "commits made by scripts",
    "badDateOverflow": "commits dated for fun",
}
_STATIC = {
    "protocol.allow": "never",
    "http.followRedirects": "false",  # a redirect leads to internal hosts and takes the token along
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.bigFileThreshold": "16m",
    "core.packedGitWindowSize": "64m",
    "core.packedGitLimit": "512m",
    "safe.bareRepository": "explicit",
    "init.templateDir": "",
    "init.defaultBranch": "main",
    "advice.detachedHead": "false",
    "transfer.fsckObjects": "true",
    "transfer.bundleURI": "false",
    "fetch.unpackLimit": "1",  # one pack, never a million loose files
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
} | {f"fetch.fsck.{name}": "ignore" for name in _HISTORICAL}


@dataclass(frozen=True)
class Source:
    """Where a repository is fetched from, with what must stay out of argv."""

    address: Address
    pin: str = ""  # the one IP address to connect to
    token: str = field(default="", repr=False)  # opens an https address
    key: str = field(default="", repr=False)  # opens an ssh address

    @property
    def url(self) -> str:
        """What git is given as its operand."""
        return str(self.address)

    def secrets(self) -> list[str]:
        """This method will list the texts that nobody may read, the longest first."""
        found = [self.token, self.token.partition(":")[2]]
        if self.token:
            found.append(basic(self.address.host, self.token))
        return sorted({text for text in found if len(text) > 3}, key=len, reverse=True)


def for_transfer(source: Source, agent: str = "") -> dict[str, str]:
    """This function will give the whole environment for a clone or fetch from `source`.

    `agent` is the socket of the agent that holds its key, if it has one.
    """
    address = source.address
    config = {f"protocol.{address.scheme}.allow": "always"}
    if address.scheme == "file":
        config["safe.directory"] = address.path
    if settings.FACTORY_GIT_CA:
        config["http.sslCAInfo"] = str(authorities.bundle(Path(settings.FACTORY_GIT_CA)))
    environment = _environment(config, address.scheme)
    if address.scheme == "ssh":
        environment["GIT_SSH_COMMAND"] = ssh.command(address, source.pin, agent)
    return environment | _private(_secrets(source))


def for_reading(git_dir: Path) -> dict[str, str]:
    """This function will give the whole environment for reading a repository on this disk."""
    environment = _environment({"safe.directory": str(git_dir)}, "none")
    return environment | {"GIT_NO_LAZY_FETCH": "1"}


def inherited(environment: Mapping[str, str]) -> list[str]:
    """This function will name the server's own variables, which git must not see."""
    return sorted(set(os.environ) - set(environment))


def _environment(config: Mapping[str, str], protocol: str) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(_config_file({**_STATIC, **config})),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "SSH_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def _secrets(source: Source) -> Iterable[tuple[str, str]]:
    """What stands in the environment only: the pin, the proxy and the token."""
    address = source.address
    if address.scheme != "https":
        return
    if settings.FACTORY_PROXY:
        yield "http.proxy", str(settings.FACTORY_PROXY)
    if source.pin and not hosts.is_literal(address.host):  # curl does not read a pin for [::1]
        number = f"[{source.pin}]" if ":" in source.pin else source.pin
        yield "http.curloptResolve", f"{address.host}:{address.port}:{number}"
    if source.token:
        host = f"[{address.host}]" if ":" in address.host else address.host
        header = f"Authorization: Basic {basic(address.host, source.token)}"
        yield f"http.https://{host}:{address.port}/.extraHeader", header


def basic(host: str, token: str) -> str:
    """This function will write a token as HTTP's Basic scheme wants it.

    A token may name its user, `USER:TOKEN`, as GitLab's deploy tokens and plain servers need it.
    Without one GitHub documents `x-access-token`; elsewhere `oauth2` opens for every other kind of
    token: older GitLab wants it for OAuth tokens, and personal tokens of GitLab and Gitea take any.
    """
    user = "x-access-token" if host in _GITHUB else "oauth2"
    pair = token if ":" in token else f"{user}:{token}"
    return base64.b64encode(pair.encode()).decode()


def _private(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    environment: dict[str, str] = {}
    count = 0
    for key, value in pairs:
        environment |= {f"GIT_CONFIG_KEY_{count}": key, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    return environment | {"GIT_CONFIG_COUNT": str(count)}


def _config_file(config: Mapping[str, str]) -> Path:
    text = "".join(_entry(name, value) for name, value in config.items())
    return kept.file(text.encode(), ".config")


def _entry(name: str, value: str) -> str:
    """One setting in the syntax of git-config(1)."""
    section, _, rest = name.partition(".")
    middle, _, key = rest.rpartition(".")
    head = f'{section} "{middle}"' if middle else section
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{head}]\n\t{key} = "{quoted}"\n'
