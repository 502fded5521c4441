"""What `doctor` asks: variables, programs, services, processes, hosts, and whatever the apps add.

It starts nothing, and every question has a deadline: it works with everything down or frozen.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TextIO

from factory.doctor import asking, machine, ready, stores, variables
from factory.doctor.asking import Question
from jobs.ports import Check, checks

NEAR_S = 3.3
FAR_S = 4.5
"""Together with the start of Python they stay below ten seconds."""
_NEAR: dict[str, Question] = {
    "python": machine.python,
    "packages": machine.packages,
    "tmux": machine.tmux,
    "ssh": machine.ssh,
    "disk": machine.disk,
    "supervisor": machine.supervisor,
    "embedded PostgreSQL": stores.carried,
    "given servers": stores.given,
    "database": stores.database,
    "valkey": stores.valkey,
    "GitHub": ready.github,
    "ready": ready.parts,
}


def examine() -> Iterator[Check]:
    """This function will ask everything there is to ask; whatever is down is an answer, too."""
    yield from variables.examine()
    near = asking.ask(_NEAR | dict(checks), NEAR_S)
    for answer in near.values():
        yield from answer.checks
    far = _far()
    if near["database"].came:
        for answer in asking.ask(far, FAR_S).values():
            yield from answer.checks
        return
    for name in far:
        yield Check(name, False, "not asked: the database does not answer", asking.cure())


def _far() -> dict[str, Question]:
    """What only a database that answers can tell; without settings there are no models."""
    from factory.doctor import ledger

    return {
        "migrations": stores.migrations,
        "connections": stores.connections,
        "runners": ledger.runners,
        "code": ledger.code,
        "queues": ledger.queues,
        "stalls": ledger.stalls,
        "counters": ledger.counters,
        "verify_board": ledger.verified,
        "tables": ledger.tables,
        "hosts": ready.hosts,
    }


def without_settings(as_json: bool, out: TextIO) -> int:
    """This function will say what can be said when the settings are refused, and give status 1."""
    alone = {name: _NEAR[name] for name in ("python", "packages", "tmux", "ssh")}
    answers = asking.ask(alone, NEAR_S).values()
    found = [*variables.examine(), *(check for answer in answers for check in answer.checks)]
    return report(found, as_json, out) or 1


def report(found: list[Check], as_json: bool, out: TextIO) -> int:
    """This function will write the answers, as one JSON document or as lines; 0 if all is well.

    A warning asks for attention, but does not make the answer no.
    """
    ok = all(check.ok for check in found)
    if as_json:
        out.write(json.dumps({"ok": ok, "checks": [asdict(check) for check in found]}) + "\n")
        out.flush()
        return 0 if ok else 1
    for check in found:
        word = "NO " if not check.ok else "!  " if check.warning else "ok "
        cure = f" → {check.cure}" if check.cure and (check.warning or not check.ok) else ""
        out.write(f"{word} {check.name}: {check.detail}{cure}\n")
    out.write("all is well\n" if ok else "something needs a cure\n")
    out.flush()
    return 0 if ok else 1
