"""Log lines: one form for every library, request and job ids on each, secrets taken out."""

import logging
import logging.config
import os
import re
import secrets
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from factory import configuration
from factory.logfile import SharedFile
from factory.without import without
from jobs import tracing
from jobs.redaction import MARK, redact

# Only developers' tools bring rich: a log line is the same with and without, and each start faster.
with without("rich"):
    import structlog
    from structlog.typing import Processor

_LOGIN_LINK = re.compile(r"(/(?:login|invitations)/)[^/\s\"']{8,}")
_SECRET_NAME = re.compile(r"password|passwd|secret|token|api_?key|authorization|cookie", re.I)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
log = structlog.get_logger("factory.request")


def configure(settings: dict[str, str]) -> None:
    """This function will set up logging: `form` is human or json, `level` the lowest shown.

    Django calls it with settings.LOGGING. structlog and the standard library end in one handler;
    with `file` they end in a second one as well, always as JSON.
    """
    shared = _shared()
    file = SharedFile(settings["file"]) if settings.get("file") else None
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": _last(settings["form"]),
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": settings["level"]},
            "loggers": {name: _plain(level) for name, level in _LOUD.items()},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if file:
        _add(file, shared)


def _add(file: SharedFile, shared: list[Processor]) -> None:
    """This function will add the file, and warn once if it cannot be written or turned over.

    The handler stays: it writes as soon as it can. `up` warns for the processes it starts.
    """
    formatter = structlog.stdlib.ProcessorFormatter
    file.setFormatter(formatter(processors=_last("json"), foreign_pre_chain=shared))
    if (wrong := file.trial()) and configuration.SUPERVISED not in os.environ:
        logging.getLogger("factory.logs").warning(wrong)
    logging.getLogger().addHandler(file)


def _last(form: str) -> list[Processor]:
    first: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        return [*first, structlog.processors.dict_tracebacks, _redacted, _json()]
    return [*first, structlog.processors.format_exc_info, _redacted, _human()]


class RequestLog:
    """Middleware: gives each request an id, binds it to every log line, and logs the answer.

    What is logged of the address is its route, never its parameters: a log-in link is a secret.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This method will answer the request inside its own log context."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        started = time.monotonic()
        trace_id = _trace_of(request) or request_id
        bound = structlog.contextvars.bound_contextvars(request_id=request_id, trace_id=trace_id)
        with bound, tracing.request(trace_id):
            response = self.get_response(request)
            match = request.resolver_match
            log.log(
                _importance(response.status_code),
                "request",
                client=request.META.get("REMOTE_ADDR", ""),
                method=request.method,
                route=match.route if match else "",
                status=response.status_code,
                ms=round((time.monotonic() - started) * 1000, 1),
            )
        response["X-Request-ID"] = request_id
        return response


def _trace_of(request: HttpRequest) -> str:
    """The trace a caller or proxy began (W3C Trace Context), or ""."""
    given = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return given[1] if given else ""


def _importance(status: int) -> int:
    """The id that an error page shows must stand in the log, whatever level is logged."""
    if status < 400:
        return logging.INFO
    return logging.WARNING if status < 500 else logging.ERROR


# Loggers that bring handlers of their own, and the level below which they only repeat ours.
_LOUD = {
    "django": "INFO",
    "django.request": "ERROR",  # RequestLog has a line for each answer
    "django.server": "WARNING",
    "django-q": "WARNING",
    "uvicorn": "WARNING",
    "uvicorn.error": "WARNING",
    "uvicorn.access": "WARNING",
    "asyncio": "WARNING",
    "axes": "ERROR",  # factory.entrance says what matters
}


def _plain(level: str) -> dict[str, Any]:
    return {"handlers": [], "propagate": True, "level": level}


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _of_the_job,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _of_the_job(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in tracing.ids().items():
        line.setdefault(key, value)
    return line


def _json() -> Processor:
    return structlog.processors.JSONRenderer(default=str)


def _human() -> Processor:
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)


def _redacted(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        line[key] = MARK if value and _SECRET_NAME.search(key) else _clean(value)
    return line


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _LOGIN_LINK.sub(rf"\1{MARK}", redact(value))
        case dict():
            return _redacted(None, "", dict(value))
        case list() | tuple():
            return [_clean(part) for part in value]
        case bool() | int() | float() | None:
            return value
    return _clean(str(value))
