"""`manage.py relay`: live news for the pages."""

import asyncio
import signal
from typing import Any

from jobs import beats, live
from jobs.management.contract import OneLine


class Command(OneLine):
    """Sends pages what changed of the things they show; ends on SIGTERM or Ctrl-C."""

    help = "Re-reads what open pages watch and sends them what changed, until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """This method will relay until a signal ends it."""
        asyncio.run(_until_stopped())


async def _until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await live.run(stop, alive=lambda: beats.beat("relay"))
    beats.end("relay")
