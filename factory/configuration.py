"""The environment: one table of variables, read once, refused by name.

`settings`, `doctor` and the test of docs/reference.md all read `VARIABLES`.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import environ

from factory import parsers, production
from factory.parsers import Malformed

BASE_DIR = Path(__file__).resolve().parent.parent
_DOTENV_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=")
SUPERVISED = "FACTORY_SUPERVISOR"  # in the environment of what `up` starts; marks whose it is
log = logging.getLogger("factory.configuration")


class Refused(Exception):
    """A variable that cannot be used; the text is one line with its name, the cause and the cure."""


@dataclass(frozen=True)
class Variable:
    """One variable of the environment; `default` is written as a person would write it."""

    name: str
    parse: parsers.Parser
    default: str
    meaning: str
    secret: bool = False

    def read(self, environment: Mapping[str, str]) -> Any:
        """This method will give the variable's value, or raise Refused."""
        text = environment.get(self.name, "").strip() or self.default
        if not text:
            return None
        try:
            return self.parse(text)
        except Malformed as problem:
            raise Refused(f"{self.shown(text)}: {problem}") from None

    def shown(self, text: str) -> str:
        """This method will write `NAME="text"`, without the text of a secret."""
        if self.secret:
            return self.name
        return f'{self.name}="{parsers.printable(text)}"'


VARIABLES = (
    Variable("FACTORY_ENV", parsers.one_of("dev", "staging", "prod"), "dev", "what this is run as"),
    Variable("FACTORY_DEBUG", parsers.boolean, "false", "Django's pages with tracebacks"),
    Variable(
        "FACTORY_HOME",
        parsers.path,
        str(BASE_DIR / ".factory"),
        "the data directory: embedded services, clones, secrets",
    ),
    Variable(
        "DATABASE_URL",
        parsers.database,
        "",
        "PostgreSQL with pgvector; not given: the embedded one",
        secret=True,
    ),
    Variable(
        "REDIS_URL",
        parsers.redis,
        "",
        "Valkey or Redis for live news and cache; not given: the embedded one",
        secret=True,
    ),
    Variable(
        "FACTORY_REDIS_PREFIX",
        parsers.word,
        "factory",
        "begins every key and channel, so that two installations may share one server",
    ),
    Variable("FACTORY_BIND", parsers.host, "127.0.0.1", "the address the web server listens on"),
    Variable("PORT", parsers.port, "8000", "the port the web server listens on"),
    Variable(
        "FACTORY_URL",
        parsers.web_address,
        "",
        "the address people type; not given: http://FACTORY_BIND:PORT",
    ),
    Variable(
        "FACTORY_ALLOWED_HOSTS",
        parsers.host_names,
        "localhost,127.0.0.1,[::1]",
        "host names the product answers to, with commas",
    ),
    Variable(
        "FACTORY_PROXIES",
        parsers.networks,
        "",
        "addresses or networks of the proxies before the web server, with commas: their "
        "X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's",
    ),
    Variable(
        "FACTORY_WORKERS", parsers.workers, "short=1,long=1", "how many runners each pool has"
    ),
    Variable(
        "FACTORY_HOST",
        parsers.word,
        "",
        "this machine's name among those that share the database; not given: its host name",
    ),
    Variable(
        "FACTORY_TASK_MODULES",
        parsers.modules,
        "",
        "modules besides the apps' own tasks whose functions async_task may run, with commas; never "
        "those of jobs, factory, django_q or django",
    ),
    Variable(
        "FACTORY_KEEP_DAYS",
        parsers.number(1, 3650),
        "30",
        "so old a finished job may get before it becomes a daily count; ten of each project and "
        "kind stay, and failed ones nobody has put away",
    ),
    Variable(
        "FACTORY_REFETCH_HOURS",
        parsers.number(0, 8760),
        "24",
        "a repository that was not fetched for so long is fetched again; 0: never by itself",
    ),
    Variable(
        "FACTORY_SECRET_KEY",
        parsers.secret,
        "",
        "signs sessions and links; not given: made once, kept in FACTORY_HOME",
        secret=True,
    ),
    Variable(
        "FACTORY_FIELD_KEY",
        parsers.field_keys,
        "",
        "encrypts tokens at rest; several with commas: the first encrypts, all decrypt; "
        "not given: made once, kept in FACTORY_HOME",
        secret=True,
    ),
    Variable(
        "FACTORY_LOCAL_REPOS",
        parsers.directories,
        "",
        "directories below which local repositories may be registered, with colons",
    ),
    Variable(
        "FACTORY_GIT_HOSTS",
        parsers.hosts,
        "",
        "hosts with private addresses that may be cloned from, with commas",
    ),
    Variable("FACTORY_GIT_CA", parsers.file, "", "certificates git trusts besides the system's"),
    Variable(
        "FACTORY_PROXY",
        parsers.web_address,
        "",
        "the http proxy git goes through; the variables of the shell are not used",
        secret=True,
    ),
    Variable(
        "FACTORY_OIDC_ISSUER",
        parsers.issuer,
        "",
        "the OpenID provider for single sign-on; not given: none",
    ),
    Variable("FACTORY_OIDC_CLIENT", parsers.phrase, "", "this product's client id at the provider"),
    Variable(
        "FACTORY_OIDC_SECRET",
        parsers.phrase,
        "",
        "this product's client secret at the provider",
        secret=True,
    ),
    Variable("FACTORY_OIDC_NAME", parsers.phrase, "single sign-on", "what its button says"),
    Variable(
        "FACTORY_OIDC_DOMAINS",
        parsers.host_names,
        "",
        "e-mail domains whose people may enter without an invitation, with commas",
    ),
    Variable(
        "FACTORY_GITHUB_API",
        parsers.api_address,
        "https://api.github.com",
        "GitHub's API, or that of an own GitHub server",
    ),
    Variable(
        "FACTORY_METRICS_TOKEN",
        parsers.secret,
        "",
        "who sends it as a bearer token may read /metrics; not given: this machine only",
        secret=True,
    ),
    Variable(
        "FACTORY_STATIC",
        parsers.one_of("source", "collected"),
        "",
        "static files from the tree or as collected and hashed; `up` sets it; "
        "not given: source in dev, else collected",
    ),
    Variable(
        "FACTORY_LOG",
        parsers.one_of("human", "json"),
        "",
        "the form of log lines; not given: human in dev, else json",
    ),
    Variable(
        "FACTORY_LOG_LEVEL",
        parsers.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "INFO",
        "the least important level that is logged",
    ),
    Variable(
        "FACTORY_LOG_FILE",
        parsers.new_file,
        "",
        "a file that gets every log line as JSON, turned over at 20 MiB, five kept; "
        "not given: the console only",
    ),
)


FROM_DOTENV: set[str] = set()
"""The names that the .env file, and not the environment, gave."""


def dotenv_path() -> Path:
    """This function will name the .env file: beside manage.py, unless FACTORY_DOTENV names one."""
    return Path(os.environ.get("FACTORY_DOTENV") or BASE_DIR / ".env")


def read_dotenv() -> list[int]:
    """This function will add what the .env file says to the environment, which wins over it.

    Gives the numbers of the lines that say nothing.
    """
    path = dotenv_path()
    if not path.exists():
        return []
    if not os.access(path, os.R_OK):
        raise Refused(f"{path}: cannot be read: make it readable for this account or remove it")
    text = path.read_text(errors="replace")
    before = set(os.environ)
    # It would repeat such a line in full, and a mistyped secret with it.
    logging.getLogger("environ.environ").setLevel(logging.ERROR)
    environ.Env.read_env(StringIO(text))
    FROM_DOTENV.update(set(os.environ) - before)
    return dotenv_lines(text)[0]


def dotenv_lines(text: str) -> tuple[list[int], set[str]]:
    """This function will give the numbers of lines that say nothing, and the names in the others."""
    wrong, names = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _DOTENV_LINE.match(line):
            names.add(found[1])
        elif line and not line.startswith("#"):
            wrong.append(number)
    return wrong, names


def problems(environment: Mapping[str, str]) -> Iterator[tuple[Variable, str]]:
    """This function will go through every variable that would be refused, with the sentence."""
    values = {}
    for variable in VARIABLES:
        try:
            values[variable.name] = variable.read(environment)
        except Refused as refused:
            yield variable, str(refused)
    if len(values) == len(VARIABLES):
        by_name = {variable.name: variable for variable in VARIABLES}
        for name, sentence in _together(values, environment):
            yield by_name[name], sentence


def _together(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What variables that are right one by one cannot be together: a name and a sentence."""
    yield from production.complaints(values, environment)
    for name in ("FACTORY_OIDC_CLIENT", "FACTORY_OIDC_SECRET"):
        if values["FACTORY_OIDC_ISSUER"] and not values[name]:
            yield (
                name,
                f"{name}: not given: FACTORY_OIDC_ISSUER needs it: the provider made it when "
                "this product was registered there",
            )


@cache
def load() -> dict[str, Any]:
    """This function will read the environment and the .env file, once per process.

    Raises Refused for the first variable that cannot be used.
    """
    if (wrong := read_dotenv()) and SUPERVISED not in os.environ:
        numbers = ", ".join(map(str, wrong))
        log.warning("%s: passed over line %s: write NAME=value", dotenv_path(), numbers)
    _forget_libpq()
    values = {variable.name: variable.read(os.environ) for variable in VARIABLES}
    for _, sentence in _together(values, os.environ):
        raise Refused(sentence)
    in_dev = values["FACTORY_ENV"] == "dev"
    values["FACTORY_STATIC"] = values["FACTORY_STATIC"] or ("source" if in_dev else "collected")
    values["FACTORY_LOG"] = values["FACTORY_LOG"] or ("human" if in_dev else "json")
    values["FACTORY_URL"] = values["FACTORY_URL"] or _address(values)
    return values


def home() -> Path:
    """This function will give the data directory, made on first need."""
    path: Path = load()["FACTORY_HOME"]
    try:
        make_directory(path)
    except OSError as error:
        raise Refused(
            f'FACTORY_HOME="{path}": {error.strerror}: name a directory this account may write to'
        ) from None
    return path


def make_directory(path: Path) -> None:
    """This function will make a directory and those above it, mode 0755 whatever the umask.

    The account PostgreSQL runs as must be able to pass through; each secret is a 0600 file.
    """
    if path.is_dir():
        return
    make_directory(path.parent)
    with suppress(FileExistsError):
        path.mkdir()
        path.chmod(0o755)


def own_url() -> str:
    """This function will give the address at which this machine reaches its own web server."""
    return _address(load())


def _forget_libpq() -> None:
    """This function will drop PGHOSTADDR, PGSERVICE, PGOPTIONS and the like from the environment.

    libpq would follow them against what DATABASE_URL says, also on the embedded server's socket.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _address(values: Mapping[str, Any]) -> str:
    bind = values["FACTORY_BIND"]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, bind)  # noqa: S104 — compared, not bound
    return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{values['PORT']}"
