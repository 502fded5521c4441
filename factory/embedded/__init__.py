"""PostgreSQL and Valkey from wheels, for who has not configured others.

This module says where they are and who may start them; nothing here starts anything on import.
"""

from typing import Any

from factory import configuration
from factory.embedded import place, postgres, valkey
from factory.embedded.place import CannotStart

# Every command that needs the services. What only looks (doctor, status, check) or ends (stop)
# is missing on purpose, and so is `up`, which asks for them after it has looked at its port.
_OF_DJANGO = {
    "changepassword",
    "createsuperuser",
    "dbshell",
    "dumpdata",
    "flush",
    "inspectdb",
    "loaddata",
    "migrate",
    "runserver",
    "shell",
    "showmigrations",
    "sqlmigrate",
    "qcluster",
    "qinfo",
    "qmonitor",
}
_OURS = {
    "bench",
    "enqueue",
    "login_link",
    "map",
    "register",
    "relay",
    "reset_demo",
    "smoke",
    "sync",
    "verify_board",
    "watchdog",
    "web",
}
STARTS_SERVICES = frozenset(_OF_DJANGO | _OURS)
_GIVEN = ("DATABASE_URL", "REDIS_URL")
# They read the ledger: what was stopped stays so.
READS_ONLY = frozenset({"jobs", "queues", "runners", "next", "digest"})


def database() -> dict[str, Any]:
    """This function will give Django's settings for the database, given or embedded."""
    given: dict[str, Any] | None = configuration.load()["DATABASE_URL"]
    return given or postgres.address(configuration.load()["FACTORY_HOME"])


def redis_url() -> str:
    """This function will give the address of the Valkey server, given or embedded."""
    given: str | None = configuration.load()["REDIS_URL"]
    return given or valkey.address(configuration.load()["FACTORY_HOME"])


def ensure_running() -> None:
    """This function will start each service that is not configured elsewhere and not running."""
    values = configuration.load()
    if not values["DATABASE_URL"]:
        postgres.ensure_running(configuration.home())
    if not values["REDIS_URL"]:
        valkey.ensure_running(configuration.home())


def examine(*names: str) -> None:
    """This function will examine the servers that are given by these variables, or by any.

    Raises CannotStart with the first thing that is wrong.
    """
    wanted = [name for name in names or _GIVEN if configuration.load()[name]]
    if wanted:
        from factory.embedded import external  # the client of PostgreSQL, which few commands need

        for complaint in external.complaints(wanted):
            raise CannotStart(complaint)


def mend() -> list[str]:
    """This function will start again each service of ours whose process is gone, and name those.

    It is cheap if none is.
    """
    values = configuration.load()
    home = values["FACTORY_HOME"]
    started = []
    if not values["DATABASE_URL"]:
        place.shorten(postgres.cluster(home).log)
        if postgres.running(home) is None and postgres.ensure_running(home):
            started.append("postgres")
    if not values["REDIS_URL"]:
        place.shorten(valkey.server(home).log)
        if valkey.running(home) is None and valkey.ensure_running(home):
            started.append("valkey")
    return started


def valkey_is_silent() -> bool:
    """This function will say whether a Valkey of ours runs and answers nothing."""
    values = configuration.load()
    return not values["REDIS_URL"] and valkey.silent(values["FACTORY_HOME"])


def replace_valkey() -> None:
    """This function will end our Valkey, which keeps nothing, and start another."""
    valkey.replace(configuration.home())


def database_is_there() -> bool:
    """This function will say whether there is a database to ask: a given one, or ours running."""
    values = configuration.load()
    return bool(values["DATABASE_URL"]) or postgres.running(values["FACTORY_HOME"]) is not None


def processes() -> dict[str, int]:
    """This function will give the pids of the embedded services that run, by name."""
    home = configuration.load()["FACTORY_HOME"]
    found = {"postgres": postgres.running(home), "valkey": valkey.running(home)}
    return {name: pid for name, pid in found.items() if pid}


def stop() -> None:
    """This function will stop the embedded services, whoever started them."""
    home = configuration.load()["FACTORY_HOME"]
    try:
        valkey.stop(home)
    finally:  # one that does not end is no reason to leave the other
        postgres.stop(home)
