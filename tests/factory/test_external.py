"""Servers of somebody else: what does not suit is one line with the variable, the cause, the cure."""

import ast
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from factory import parsers
from factory.embedded import external, programs
from tests.factory import servers
from tests.factory.servers import PASSWORD, Foreign
from tests.services import ScratchDatabase, freeze, manage


@pytest.fixture(scope="module")
def server() -> Iterator[Foreign]:
    """This fixture will lend a PostgreSQL with a password, on a port."""
    with servers.foreign() as made:
        yield made


def said(url: str) -> str:
    """Give what is wrong with a database's address."""
    return external.database(parsers.database(url))


def test_a_server_that_suits_is_examined_in_a_moment(server: Foreign) -> None:
    said(server.url())

    began = time.monotonic()
    wrong = [said(server.url()) for _ in range(5)]

    assert wrong == [""] * 5
    assert (time.monotonic() - began) / 5 < 2  # about 0.02 s on a quiet machine


@pytest.mark.parametrize(
    ("url", "cause", "cure"),
    [
        ({"word": "hunter2hunter2"}, "password authentication failed", "correct user and password"),
        ({"name": "nowhere"}, 'database "nowhere" does not exist', "create that database"),
        ({"name": "product?sslmode=require"}, "server does not support SSL", "give sslmode"),
        ({"name": "product?sslmode=maybe"}, "invalid sslmode value", "use disable, prefer"),
        ({"name": "product?colour=red"}, "invalid connection option", "correct what follows the ?"),
    ],
)
def test_a_log_in_that_fails_is_one_line_without_the_password(
    server: Foreign, url: dict[str, str], cause: str, cure: str
) -> None:
    wrong = said(server.url(**url))

    assert wrong.startswith(f"DATABASE_URL: 127.0.0.1:{server.port}/")
    assert cause in wrong
    assert cure in wrong
    assert "\n" not in wrong
    assert "hunter2" not in wrong
    assert PASSWORD not in wrong


@pytest.mark.parametrize(
    ("host", "cause"),
    [("127.0.0.1:1", "Connection refused"), ("nowhere.invalid", "could not translate host name")],
)
def test_a_server_that_is_not_there_is_one_line(host: str, cause: str) -> None:
    wrong = said(f"postgresql://u:hunter2hunter2@{host}/name")

    assert cause in wrong
    assert "hunter2" not in wrong


SHOWN = """
from django.db import connection
from jobs import db
ask = "SELECT name, setting FROM pg_settings WHERE name ~ '^tcp_' ORDER BY name"
for raw in (connection.ensure_connection() or connection.connection, db.connect("a runner")):
    print(dict(db.rows(raw, ask)))
"""


def test_a_server_is_told_to_miss_a_machine_that_vanished_within_15_s(server: Foreign) -> None:
    environment = dict(os.environ) | {"DATABASE_URL": server.url()}

    done = manage("shell", "--no-imports", "--verbosity=0", "-c", SHOWN, environment=environment)

    vigilant = {
        "tcp_keepalives_count": "3",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "3",
        "tcp_user_timeout": "15000",
    }
    assert [ast.literal_eval(line) for line in done.stdout.splitlines()] == [vigilant] * 2


def test_a_command_says_it_with_status_2_and_in_one_line(server: Foreign) -> None:
    environment = dict(os.environ) | {"DATABASE_URL": server.url(word="hunter2hunter2")}

    done = {
        name: manage(name, environment=environment, check=False)
        for name in ("migrate", "jobs", "up")
    }

    for each in done.values():
        assert each.returncode == 2
        assert each.stderr.startswith("DATABASE_URL: 127.0.0.1:")
        assert each.stderr.count("\n") == 1


def test_a_frozen_server_is_given_up_in_time(
    server: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "PATIENCE_S", 0.5)
    assert server.running
    freeze(server.running.pid)
    try:
        began = time.monotonic()
        wrong = said(server.url())
        took = time.monotonic() - began
    finally:
        server.running.send_signal(signal.SIGCONT)

    assert "no answer within" in wrong
    assert took < 15


def test_a_database_in_another_encoding_is_refused(server: Foreign) -> None:
    server.sql(
        "CREATE DATABASE latin OWNER owner ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc "
        "TEMPLATE template0"
    )

    assert "its encoding is LATIN1: create the database with" in said(server.url("latin"))


def test_a_database_one_may_not_make_tables_in_is_refused(server: Foreign) -> None:
    server.sql("CREATE DATABASE closed")

    wrong = said(server.url("closed"))

    assert "owner may not create tables: make owner the owner of the database closed" in wrong


def test_a_server_that_accepts_no_writes_is_refused(server: Foreign) -> None:
    server.sql(
        "CREATE DATABASE standby OWNER owner",
        "ALTER DATABASE standby SET default_transaction_read_only = on",
    )

    assert "it accepts no writes: name the primary server" in said(server.url("standby"))


def test_a_server_without_pgvector_is_refused(server: Foreign) -> None:
    server.sql("CREATE DATABASE plain OWNER owner")
    control = next(server.package.glob("pginstall*/share/postgresql/extension/vector.control"))
    away = control.rename(control.with_suffix(".away"))
    try:
        wrong = said(server.url("plain"))
    finally:
        away.rename(control)

    assert "no pgvector: install it on that server (such as postgresql-18-pgvector)" in wrong


def test_pgvector_that_only_a_superuser_may_create_is_refused(server: Foreign) -> None:
    server.sql("CREATE DATABASE uncreated OWNER owner")

    wrong = said(server.url("uncreated"))
    server.sql("ALTER ROLE owner SUPERUSER")
    allowed = said(server.url("uncreated"))
    server.sql("ALTER ROLE owner NOSUPERUSER")

    assert "have a superuser run CREATE EXTENSION vector" in wrong
    assert allowed == ""


def test_a_library_of_pgvector_that_is_gone_is_refused(server: Foreign) -> None:
    library = next(server.package.glob("pginstall*/lib/postgresql/vector.so"))
    away = library.rename(library.with_suffix(".away"))
    try:
        wrong = said(server.url())
    finally:
        away.rename(library)

    assert "pgvector does not work: could not access file" in wrong


def test_pgvector_for_another_processor_is_tried_once_and_refused(server: Foreign) -> None:
    library = next(server.package.glob("pginstall*/lib/postgresql/vector.so"))
    whole = shutil.copy2(library, library.with_suffix(".whole"))
    servers.break_vector(server.package)
    try:
        first = said(server.url())
        assert servers.wait_for(lambda: server.sql("SELECT 1"), 60)
        with closing(psycopg2.connect(server.url())) as witness, witness.cursor() as cursor:
            again = said(server.url())
            cursor.execute("SELECT 1")  # the server did not end every session a second time
    finally:
        whole.rename(library)
    server.stop()
    server.start()

    assert "built for another processor (AVX2): build it anew and restart that server" in first
    assert again == first
    assert said(server.url()) == ""


def test_a_server_that_is_too_old_is_refused(server: Foreign) -> None:
    program = server.binaries / "postgres"
    name = b"PostgreSQL %s\0" % programs.version().encode()
    old = program.read_bytes().replace(name, b"PostgreSQL 13.4\0")
    server.stop()
    whole = program.rename(program.with_suffix(".whole"))
    program.write_bytes(old)
    program.chmod(0o755)
    _written_by(server, "13")
    try:
        server.start()
        wrong = said(server.url())
    finally:
        server.stop()
        whole.rename(program)
        _written_by(server, "18")
        server.start()

    assert "PostgreSQL 13.4, and 15 is the oldest that will do: upgrade it" in wrong


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused(
    scratch_database: ScratchDatabase, mode: str
) -> None:
    direct = parsers.database(scratch_database.url)
    with servers.bouncer(direct, pool_mode=mode) as url:
        done = manage("migrate", environment=dict(os.environ) | {"DATABASE_URL": url}, check=False)

    assert done.returncode == 2
    assert "a pooler in transaction mode, and runners hold session locks" in done.stderr
    assert "set its pool_mode to session, or give the server's own address" in done.stderr


def test_a_pooler_that_keeps_sessions_is_accepted(scratch_database: ScratchDatabase) -> None:
    direct = parsers.database(scratch_database.url)
    with servers.bouncer(direct, pool_mode="session") as url:
        wrong = said(url)

    assert wrong == ""


def test_a_pooler_that_gives_one_session_is_refused(
    scratch_database: ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "_SECOND_S", 1.0)
    direct = parsers.database(scratch_database.url)

    with servers.bouncer(direct, pool_mode="session", default_pool_size=1) as url:
        wrong = said(url)

    assert "the pooler gives no second connection: raise its pool size" in wrong


def test_a_redis_that_demands_a_password_gets_one_or_is_refused() -> None:
    with servers.redis("--requirepass", "p@ss word") as port:
        without = external.redis(f"redis://127.0.0.1:{port}/0")
        wrong = external.redis(f"redis://:hunter2@127.0.0.1:{port}/0")
        right = external.redis(f"redis://:p%40ss%20word@127.0.0.1:{port}/1")
        named = external.redis(f"redis://default:p%40ss%20word@127.0.0.1:{port}")

    assert without == (
        f"REDIS_URL: 127.0.0.1:{port}: NOAUTH Authentication required: "
        "give its password in the address: redis://:PASSWORD@host:6379/0"
    )
    assert "WRONGPASS" in wrong
    assert "hunter2" not in wrong
    assert (right, named) == ("", "")


@pytest.mark.parametrize(
    ("options", "path", "cure"),
    [
        (["--replicaof", "127.0.0.1", "1"], "", "name the primary server"),
        (["--databases", "1"], "/7", "correct the number"),
        (["--maxmemory", "1", "--maxmemory-policy", "noeviction"], "", "raise its maxmemory"),
    ],
)
def test_a_redis_that_takes_no_writes_is_refused(options: list[str], path: str, cure: str) -> None:
    with servers.redis(*options) as port:
        wrong = external.redis(f"redis://127.0.0.1:{port}{path}")

    assert wrong.startswith(f"REDIS_URL: 127.0.0.1:{port}: ")
    assert cure in wrong


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("redis://127.0.0.1:1/0", "Connection refused: start that server"),
        ("redis://nowhere.invalid/0", "correct the host's name"),
        ("unix:///nowhere/s", "No such file or directory: start that server"),
    ],
)
def test_a_redis_that_is_not_there_is_one_line(url: str, cure: str) -> None:
    assert cure in external.redis(url)


def test_a_command_refuses_a_redis_that_is_not_there_unless_it_only_reads(
    scratch_database: ScratchDatabase,
) -> None:
    environment = scratch_database.environment | {"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}

    done = manage("enqueue", "demo.noop", environment=environment, check=False)
    read = manage("jobs", environment=environment, check=False)

    assert read.returncode == 0
    assert done.returncode == 2
    assert done.stderr == (
        "REDIS_URL: 127.0.0.1:1: Connection refused: start that server, or correct the address\n"
    )


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("?ssl_ca_certs={}/ca.pem", ""),
        ("?ssl_cert_reqs=none", ""),
        ("", "CERTIFICATE_VERIFY_FAILED: correct its certificate, or name its CA: ?ssl_ca_certs="),
    ],
)
def test_a_redis_behind_tls_is_asked_with_its_certificate(
    tmp_path: Path, query: str, wrong: str
) -> None:
    with servers.redis("--requirepass", "word") as plain, servers.tls(plain, tmp_path) as port:
        said = external.redis(f"rediss://:word@127.0.0.1:{port}/0{query.format(tmp_path)}")

    assert said.endswith(wrong)
    assert bool(said) == bool(wrong)


def test_what_answers_without_speaking_redis_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        assert "no answer within 2 s" in external.redis(f"redis://127.0.0.1:{port}")


def test_what_speaks_another_protocol_is_refused(server: Foreign) -> None:
    assert "hangs up" in external.redis(f"redis://127.0.0.1:{server.port}")


def _written_by(server: Foreign, major: str) -> None:
    for file in server.data.rglob("PG_VERSION"):
        file.write_text(f"{major}\n")
