"""Whether the servers named by DATABASE_URL and REDIS_URL are what the product needs.

Each answer is one line that names the variable, the cause and the cure, or "" when all is well.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from factory import configuration, parsers
from factory.embedded import resp
from jobs import db
from jobs.redaction import redact

OLDEST = 15  # the oldest PostgreSQL the migrations were run on
PATIENCE_S = 4.0
_SECOND_S = 3.0
_FACTS = """
SELECT pg_backend_pid(), current_setting('transaction_read_only') = 'on',
       current_setting('server_encoding'), current_user::text, current_database()::text,
       to_regclass('django_migrations') IS NULL
         AND NOT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
_VECTOR = """
SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
       (SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'vector'),
       has_database_privilege(current_database(), 'CREATE'),
       current_setting('is_superuser') = 'on', pg_postmaster_start_time()::text
"""
_CURES = (
    ("password", "correct user and password; signs such as @ and / are written as %40 and %2F"),
    ("role ", "create that role there, or correct the user"),
    ("does not exist", "create that database there, or correct the name"),
    ("translate host name", "correct the host's name"),
    ("Connection refused", "start that server, or correct host and port"),
    ("No such file", "start that server, or correct the directory of its socket"),
    ("pg_hba.conf", "let this machine in there, in pg_hba.conf"),
    ("sslmode", "use disable, prefer, require, verify-ca or verify-full"),
    ("SSL", "give sslmode in the address, such as ?sslmode=require"),
    ("too many", "raise max_connections there"),
    ("slots are reserved", "raise max_connections there"),
    ("starting up", "wait until it has started"),
    ("in recovery", "wait until it has recovered"),
    ("connection option", "correct what follows the ? of the address"),
)


def complaints(names: Iterable[str]) -> Iterator[str]:
    """This function will go through what is wrong with the servers given by these variables."""
    ask: dict[str, Callable[[Any], str]] = {"DATABASE_URL": database, "REDIS_URL": redis}
    yield from filter(None, (ask[name](configuration.load()[name]) for name in names))


def database(address: dict[str, Any]) -> str:
    """This function will say in one line why this PostgreSQL cannot be used, or ""."""
    where = f"DATABASE_URL: {_place(address)}"
    try:
        with closing(db.Impatient(_parameters(address), PATIENCE_S)) as asked:
            wrong = _unfit(asked, address) or _vector(asked, where)
    except db.Silent:
        wrong = f"no answer within {PATIENCE_S:.0f} s: see whether it runs and can be reached"
    except (db.Error, UnicodeError) as error:
        wrong = _refusal(error)
    return wrong and f"{where}: {wrong}"


def redis(url: str) -> str:
    """This function will say in one line why this Redis or Valkey cannot be used, or ""."""
    wrong = resp.complaint(url, configuration.load()["FACTORY_REDIS_PREFIX"])
    return wrong and f"REDIS_URL: {resp.place(url)}: {wrong}"


def _parameters(address: dict[str, Any]) -> dict[str, Any]:
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    names |= {"port": "PORT"}
    given = {ours: address[theirs] for ours, theirs in names.items() if address[theirs]}
    options: dict[str, Any] = address["OPTIONS"]
    return given | options


def _place(address: dict[str, Any]) -> str:
    host = address["HOST"] or "local socket"
    port = f":{address['PORT']}" if address["PORT"] and not host.startswith("/") else ""
    return parsers.printable(f"{host}{port}/{address['NAME']}")


def _unfit(asked: db.Impatient, address: dict[str, Any]) -> str:
    major, minor = divmod(asked.version, 10_000)
    if major < OLDEST:
        return f"PostgreSQL {major}.{minor}, and {OLDEST} is the oldest that will do: upgrade it"
    pid, no_writes, encoding, user, name, no_tables = asked.ask(_FACTS)[0]
    if pid != asked.greeted_by and (wrong := _pooler(asked, address)):
        return wrong
    if no_writes:
        return "it accepts no writes: name the primary server"
    if encoding != "UTF8":
        return f"its encoding is {encoding}: create the database with ENCODING 'UTF8'"
    if no_tables:
        return f"{user} may not create tables: make {user} the owner of the database {name}"
    return ""


def _pooler(first: db.Impatient, address: dict[str, Any]) -> str:
    """This function will say whether sessions share server processes behind a pooler.

    One session keeps another's server process busy with a transaction; the first is then served by
    that one, by another than before, or not at all.
    """
    mine = first.ask("SELECT pg_backend_pid()")
    try:
        with closing(db.Impatient(_parameters(address), _SECOND_S)) as second:
            second.ask("BEGIN")
            theirs = second.ask("SELECT pg_backend_pid()")
            if mine != theirs and first.ask("SELECT pg_backend_pid()") == mine:
                return ""
    except db.Silent:
        if first.ask("SELECT pg_backend_pid()") == mine:
            return "the pooler gives no second connection: raise its pool size to 50 at least"
    except db.Error:
        pass  # it forbids transactions: pooling by statement
    return (
        "a pooler in transaction mode, and runners hold session locks and listen: "
        "set its pool_mode to session, or give the server's own address"
    )


def _vector(asked: db.Impatient, where: str) -> str:
    there, trusted, may_create, superuser, started = asked.ask(_VECTOR)[0]
    if there is None and trusted is None:
        major = asked.version // 10_000
        return f"no pgvector: install it on that server (such as postgresql-{major}-pgvector)"
    if there is None and not superuser and not (trusted and may_create):
        return "pgvector is there but not created: have a superuser run CREATE EXTENSION vector"
    return _trial(asked, create=there is None, server=f"{where} {started}")


def _trial(asked: db.Impatient, *, create: bool, server: str) -> str:
    """This function will compute one distance.

    pgvector built for another processor ends its process with an illegal instruction, and the
    server then ends every session. So the trial is noted, and not repeated until it restarts.
    """
    mark = configuration.home() / "vector-trial"
    died = "pgvector ends its process: it was built for another processor (AVX2): build it anew"
    if mark.exists() and mark.read_text() == server:
        return f"{died} and restart that server"
    try:
        asked.ask("BEGIN")
        if create:
            asked.ask("CREATE EXTENSION IF NOT EXISTS vector")
        asked.ask("SELECT '[1,2]'::vector <=> '[2,1]'::vector")
        asked.ask("ROLLBACK")
    except db.UniqueViolation:
        return ""  # another process just created it, and tries it
    except db.Error as error:
        if not asked.broken:
            return f"pgvector does not work: {_first_line(error)}: install it anew there"
        mark.write_text(server)
        return f"{died} and restart that server"
    mark.unlink(missing_ok=True)
    return ""


def _refusal(error: Exception) -> str:
    said = _first_line(error)
    cure = next((cure for sign, cure in _CURES if sign in said), "see that server's log")
    return f"{said}: {cure}"


def _first_line(error: Exception) -> str:
    """This function will give what a server said, without libpq's introduction and without secrets."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = lines[0].rpartition("failed: ")[2].removeprefix("FATAL:").removeprefix("ERROR:").strip()
    shown = redact(said or lines[0])
    return "".join(sign if sign.isprintable() else "?" for sign in shown)[:200]
