"""What a git process is told: its environment, its configuration, and nothing of the server's."""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from projects import hosts
from projects.addresses import Address

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
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """What git is given as its operand."""
        return str(self.address)


def for_transfer(source: Source) -> dict[str, str]:
    """This function will give the whole environment for a clone or fetch from `source`."""
    address = source.address
    config = {f"protocol.{address.scheme}.allow": "always"}
    if address.scheme == "file":
        config["safe.directory"] = address.path
    if settings.FACTORY_GIT_CA:
        config["http.sslCAInfo"] = str(settings.FACTORY_GIT_CA)
    if settings.FACTORY_PROXY:
        config["http.proxy"] = str(settings.FACTORY_PROXY)
    environment = _environment(config, address.scheme)
    if address.scheme == "ssh":
        environment["GIT_SSH_COMMAND"] = _ssh(source)
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
    """What stands in the environment only: the pin and the token."""
    address = source.address
    if address.scheme != "https":
        return
    if source.pin and not hosts.is_literal(address.host):  # curl does not read a pin for [::1]
        number = f"[{source.pin}]" if ":" in source.pin else source.pin
        yield "http.curloptResolve", f"{address.host}:{address.port}:{number}"
    if source.token:
        host = f"[{address.host}]" if ":" in address.host else address.host
        basic = base64.b64encode(f"x-access-token:{source.token}".encode()).decode()
        yield f"http.https://{host}:{address.port}/.extraHeader", f"Authorization: Basic {basic}"


def _private(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    environment: dict[str, str] = {}
    count = 0
    for key, value in pairs:
        environment |= {f"GIT_CONFIG_KEY_{count}": key, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    return environment | {"GIT_CONFIG_COUNT": str(count)}


def _ssh(source: Source) -> str:
    """The keys and known hosts are the operator's files in FACTORY_HOME/ssh."""
    home = Path(settings.FACTORY_HOME).resolve() / "ssh"
    options = [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=20",
        f"UserKnownHostsFile='{home}/known_hosts'",
        f"IdentityFile='{home}/id'",
        f"HostKeyAlias={source.address.host}",
    ]
    if source.pin:
        options.append(f"HostName={source.pin}")
    return "ssh -F /dev/null " + " ".join(f'-o "{option}"' for option in options)


def _config_file(config: Mapping[str, str]) -> Path:
    """A file named by its content, so processes at once can share it and nothing is removed."""
    text = "".join(_entry(name, value) for name, value in config.items())
    folder = Path(settings.FACTORY_HOME).resolve() / "git"
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.config"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
        part.replace(path)
    return path


def _entry(name: str, value: str) -> str:
    """One setting in the syntax of git-config(1)."""
    section, _, rest = name.partition(".")
    middle, _, key = rest.rpartition(".")
    head = f'{section} "{middle}"' if middle else section
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{head}]\n\t{key} = "{quoted}"\n'
