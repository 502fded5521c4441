"""How git is told to run ssh: which key, which known hosts, and nothing of anybody's own files."""

import shlex

from projects.addresses import Address
from projects.git import known_hosts

_FIXED = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",  # a host must not write in the operator's file
    "PreferredAuthentications=publickey",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ForwardAgent=no",
    "ControlPath=none",
)


def command(address: Address, pin: str, agent: str) -> str:
    """This function will give GIT_SSH_COMMAND, as a shell reads it.

    `agent` is the socket of the agent that holds the repository's own key, which alone is offered
    then; without one the operator's `FACTORY_HOME/ssh/id` is.
    """
    folder = known_hosts.folder()
    options = [*_FIXED, f"UserKnownHostsFile={_quoted(folder / 'known_hosts')}"]
    options.append(f"HostKeyAlias={known_hosts.name(address.host, address.port)}")
    if pin:
        options.append(f"HostName={pin}")
    if agent:
        options += [f"IdentityAgent={_quoted(agent)}", "IdentityFile=none", "IdentitiesOnly=no"]
    else:
        options += ["IdentityAgent=none", f"IdentityFile={_quoted(folder / 'id')}"]
        options.append("IdentitiesOnly=yes")
    return shlex.join(["ssh", "-F", "/dev/null", *(f"-o{option}" for option in options)])


def _quoted(path: object) -> str:
    """A path in ssh's own syntax: quotes around it, and `%` begins what ssh expands."""
    return '"' + str(path).replace("%", "%%") + '"'
