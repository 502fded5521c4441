"""The invariants of the ledger, each asked of the history that chaos leaves.

A check gives "" when it holds, a sentence when it does not, and None while its subject does not
exist in this product.
"""

from collections.abc import Callable

from factory.chaos import executed, present, recorded
from factory.chaos.history import History

Check = Callable[[History], str | None]
INVARIANTS: dict[str, Check] = {
    "1 one state, legal moves only": recorded.legal,
    "2 held means a live runner": present.held,
    "3 no accepted job is lost": recorded.kept,
    "4 nothing without a row": present.rowed,
    "5 effects once, or under one key": executed.effects,
    "6 executions within attempts": executed.executions,
    "7 recovery after a worker's death": executed.recovery,
    "8 no silent stall": present.no_stall,
    "9 the board is the database": present.board,
    "10 events once per subscriber": recorded.events,
    "11 a webhook makes one event": lambda history: None,
    "12 outbound under one id": lambda history: None,
    "13 agent loops end": lambda history: None,
    "14 session rows and terminals": lambda history: None,
    "15 cancel is final": executed.final,
    "16 a schedule fires once per tick": recorded.ticks,
    "17 enqueue is atomic with its cause": recorded.atomic,
    "18 a second up starts nothing": present.once_up,
    "19 sizes stay bounded": present.bounded,
    "20 every fault leaves a trace": present.traces,
    "checkpoints: done steps stay done": executed.checkpoints,
    "pauses: nothing goes on": executed.pauses,
    "verifying: no path around it": recorded.verified,
    "dependencies: parents first": recorded.dependencies,
    "limits: no more than may run": recorded.limits,
    "verify_board: nothing disagrees": present.agrees,
    "ends: every failure has its cause": recorded.explained,
}
_OF_THE_PRESENT = {
    name for name in INVARIANTS if name.split()[0] in ("2", "3", "4", "8", "9", "19")
}
_OF_THE_PRESENT.add("verify_board: nothing disagrees")


def judge(history: History) -> dict[str, str]:
    """This function will ask every invariant and give its verdict by name."""
    verdicts = {}
    for name, check in INVARIANTS.items():
        # Of jobs that retention took there is nothing left to compare.
        said = check(history) if history.soak is None or name in _OF_THE_PRESENT else None
        verdicts[name] = "not applicable" if said is None else said or "held"
    return verdicts
