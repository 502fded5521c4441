"""Registers a tiny repository, maps it, watches the page live, and removes all of it."""

from typing import Any

from factory import smoke
from jobs.management.contract import Contract


class Command(Contract):
    """Proves on the running product that the main path works; the status says whether it does."""

    help = __doc__

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will walk the path; the answer is no at the first step that fails."""
        steps = smoke.walk()
        ok = all(step["ok"] for step in steps)
        return {"ok": ok, "steps": steps}, ok

    def show(self, value: Any) -> None:
        """This method will print one line a step."""
        for step in value["steps"]:
            word = "ok" if step["ok"] else "FAILED"
            self.stdout.write(
                f"{word:<7} {step['name']:<22} {step['seconds']:>6.2f} s  {step['detail']}"
            )
