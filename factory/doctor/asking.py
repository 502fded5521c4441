"""Questions that are asked at once, each in a thread of its own, with one deadline for all."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from factory.supervisor import control
from jobs.ports import Check
from jobs.redaction import redact

UP = "start it with manage.py up"
_WAIT = "its supervisor mends it within 30 s; else: manage.py status, then manage.py restart NAME"
Question = Callable[[], Check | Iterable[Check]]


@dataclass(frozen=True)
class Answer:
    """What a question was answered with; `came` is false where only its failure is told."""

    checks: list[Check]
    came: bool


def ask(questions: Mapping[str, Question], seconds: float) -> dict[str, Answer]:
    """This function will ask all at once and give the answers in the order of the questions.

    One that fails or is not answered in time is answered so; nobody waits for its thread, which
    ends with the process.
    """
    answers: dict[str, Answer] = {}
    threads = [
        threading.Thread(target=_ask_one, args=(name, question, answers), daemon=True)
        for name, question in questions.items()
    ]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = f"no answer within {seconds:g} s"
    cure = "it hangs: manage.py status shows the processes, manage.py restart NAME replaces one"
    return {
        name: answers.get(name) or Answer([Check(name, False, late, cure)], False)
        for name in questions
    }


def cure() -> str:
    """This function will say how to get back what does not answer: `up` helps only without a supervisor."""
    return _WAIT if control.is_running() else UP


def _ask_one(name: str, question: Question, answers: dict[str, Answer]) -> None:
    try:
        answer = question()
        found = [answer] if isinstance(answer, Check) else list(answer)
        answers[name] = Answer(found, True)
    except Exception as error:  # one question that fails must not silence the others
        lines = str(error).strip().splitlines() or [type(error).__name__]
        answers[name] = Answer([Check(name, False, redact(lines[0]), _cure(name))], False)
    finally:
        _hang_up()


def _hang_up() -> None:
    # Django keeps a connection for each thread, and threads are many here.
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        connections.close_all()


def _cure(name: str) -> str:
    return "start the services: manage.py up" if name == "database" else f"look at {name}, or {UP}"
