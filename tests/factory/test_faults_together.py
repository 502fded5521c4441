"""An installation with services of its own in which everything freezes at once."""

from pathlib import Path

from factory.embedded import postgres, valkey
from tests.factory.conftest import wait_for
from tests.factory.test_faults import BACK_S, Faulty, halted, tree


def test_own_services_and_processes_that_freeze_together_are_mended_or_waited_for(
    home: Path,
) -> None:
    own, names = Faulty(home, home), ("web", "relay", "watchdog")
    try:
        assert own.manage("up", "--detach").returncode == 0
        before, old = own.pids, valkey.running(home) or 0
        database = tree(postgres.running(home) or 0)

        with halted([*database, old, *(before[name] for name in names)]):
            replaced = wait_for(lambda: valkey.running(home) not in (None, old), BACK_S)
            anew = wait_for(lambda: all(_begun_anew(own, one, before) for one in names), BACK_S)
            named = own.names("database")

        assert (replaced, anew, named) == (True, True, True)
        assert own.is_back()
        assert own.pids["qcluster"] == before["qcluster"]
        assert postgres.running(home) == database[0]
        assert "frozen by a signal" not in (home / "up.log").read_text()
    finally:
        own.manage("stop")


def _begun_anew(product: Faulty, name: str, before: dict[str, int]) -> bool:
    return product.pids.get(name, 0) not in (0, before[name])
