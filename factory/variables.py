"""The variables of the environment: one table with name, form, default and meaning.

`settings`, `doctor` and the test of docs/reference.md all read `VARIABLES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import parsers
from factory.parsers import Malformed

BASE_DIR = Path(__file__).resolve().parent.parent


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
        "FACTORY_API_CALLS",
        parsers.number(0, 1_000_000),
        "300",
        "so many calls of the API a token may make in ten seconds; a person twice as many, and a "
        "network without a token a third; 0: no limit",
    ),
    Variable(
        "FACTORY_REFETCH_HOURS",
        parsers.number(0, 8760),
        "24",
        "a repository that was not fetched for so long is fetched again; 0: never by itself",
    ),
    Variable(
        "FACTORY_MAP_FILES",
        parsers.number(1, 500_000),
        "200000",
        "so many files one map may have; it says when there are more",
    ),
    Variable(
        "FACTORY_MAP_SECONDS",
        parsers.number(1, 840),
        "600",
        "so long a map's job may read files; the rest is left out, and said, until the next map",
    ),
    Variable(
        "FACTORY_MAP_MEMORY",
        parsers.number(256, 16_384),
        "1024",
        "MiB of memory each of the two readers of a map may ask for",
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
