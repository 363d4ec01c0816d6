"""What the processes tell their operators: one line for each event, and nothing of the people in it.

Every logger of the process (ours, gunicorn's, RQ's, SQLAlchemy's) goes through the same processors: the request's
number is added, exceptions lose their messages (they quote values), what looks personal or secret is blacked out, and
no value can begin a line of its own. Lines are JSON, or readable where a person looks on: `CASEFLOW_LOG_FORMAT`.
"""

import logging
import re
import sys
import traceback
import unicodedata
from collections.abc import Iterable
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from caseflow.config import Config

BLACK = "[redacted]"
LONGEST = 2000  # characters of one value
# What these say is written by us or by Python, about the installation; all others may quote what somebody typed.
_SAFE = (ImportError, RuntimeError)
_BOUND = ("request_id", "job")

_SECRET_KEYS = re.compile(
    r"passw|secret|token|cookie|authori[sz]ation|csrf|session_id|api_?key|credential|otp|e?_?mail|phone|name$|address"
    r"|birth|identifier|body|form|query|args|params|parameters|payload|detail|text|message",
    re.IGNORECASE,
)
_OPEN_KEYS = {"logger", "event", "level", "timestamp", "exception", "stack", "hostname"}
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_PERSONAL = re.compile(
    rf"(?P<kept>\b{_UUID}\b|\b\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b)"
    r"|(?P<credentials>(?<=://)[^/\s@]*@)"
    r"|(?P<query>\?[^\s\"']*=[^\s\"']*)"
    r"|(?P<pair>\b(?:password|passwort|passwd|secret|token|cookie|csrf_token|authorization|bearer|basic)\b\s*[:=]?\s*\S+)"
    r"|(?P<mail>[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+)"
    r"|(?P<phone>(?<![\w.])\+?\(?\d[\d\s().\-]{7,}\d(?![\w.]))"
    r"|(?P<long>\b(?=[\w\-]*\d)(?=[\w\-]*[A-Za-z])[A-Za-z0-9_\-]{32,}\b)",
    re.IGNORECASE,
)
# Gunicorn quotes the request that it could not read; the kind of fault is enough.
_QUOTES = re.compile(r"(?s)^(Invalid request from ip=\S+:|Error handling request\b|Exception on\b|Not Found:).*")


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second application in the process does not write each line twice."""


def configure(config: Config, stream: TextIO | None = None) -> None:
    """Send every logger of this process to `stream` (stderr) through the processors."""
    stream = stream or sys.stderr
    readable = config.log_format == "text" or (config.log_format == "auto" and stream.isatty())
    handler = _Handler(stream)
    handler.setFormatter(formatter(readable=readable, colours=readable and stream.isatty()))
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Handler)] + [handler]
    root.setLevel(config.log_level)
    logging.captureWarnings(True)
    for name in ("rq", "rq.worker", "rq.cron", "rq.scheduler", "gunicorn", "gunicorn.error", "gunicorn.access"):
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    # Talkative without saying anything that an operator can act on.
    for name in ("rq", "alembic", "urllib3", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(*, readable: bool = False, colours: bool = False) -> logging.Formatter:
    """The formatter of every handler: JSON lines, or readable ones."""
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        exceptions_without_values,
        redact,
        one_line,
    ]
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True)
    if readable:
        last = structlog.dev.ConsoleRenderer(colors=colours)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(allow={"facts"}), _facts],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors, last],
    )


def tell(logger: logging.Logger, level: int, event: str, **facts: Any) -> None:
    """Log an event with facts beside it: codes, numbers and ids, never what somebody typed."""
    logger.log(level, event, extra={"facts": facts})


def _facts(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    line.update(line.pop("facts", {}))
    return line


def begin(**numbers: str) -> None:
    """From here on each line of this thread carries these (`request_id`, `job`, `endpoint`)."""
    structlog.contextvars.bind_contextvars(**numbers)


def finish() -> None:
    """The request or job is over."""
    structlog.contextvars.clear_contextvars()


def bound(name: str) -> str | None:
    """What `begin` was given, if anything."""
    value: str | None = structlog.contextvars.get_contextvars().get(name)
    return value


def exceptions_without_values(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Tell an exception by its kind and where it happened; its message may hold a name, so it is left out."""
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        about_installation = isinstance(error, _SAFE) and not any(line.get(name) for name in _BOUND)
        line["exception"] = list(_told(error, said=about_installation))
    return line


def _told(error: BaseException | None, *, said: bool) -> Iterable[str]:
    """The chain of an exception, outermost first, each with its last frames."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        codes = [code for code in _codes(error) if code]
        words = [str(error)] if said and isinstance(error, _SAFE) else []
        yield " ".join([kind, *codes, *words])
        yield from _frames(error.__traceback__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _codes(error: BaseException) -> Iterable[str | None]:
    """What the database says of an error without quoting a row: the state and the constraint."""
    diagnostic = getattr(error, "diag", None)
    if diagnostic is not None:
        yield getattr(error, "sqlstate", None)
        yield diagnostic.constraint_name


def _frames(where: TracebackType | None) -> Iterable[str]:
    for frame in traceback.extract_tb(where)[-12:]:
        file = frame.filename.replace("\\", "/").rsplit("/site-packages/", 1)[-1].rsplit("/caseflow/", 1)[-1]
        yield f"  {file}:{frame.lineno} {frame.name}"


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Black out what is secret or personal by its key, and by its look in every text."""
    for key, value in line.items():
        if key not in _OPEN_KEYS and _SECRET_KEYS.search(key):
            line[key] = BLACK
        elif key not in ("timestamp", "level", *_BOUND):
            line[key] = _without_personal(value)
    return line


def _without_personal(value: Any) -> Any:
    match value:
        case str():
            return _PERSONAL.sub(_black, _QUOTES.sub(rf"\1 {BLACK}", value))
        case dict():
            return {
                key: BLACK if _SECRET_KEYS.search(str(key)) else _without_personal(one) for key, one in value.items()
            }
        case list() | tuple():
            return [_without_personal(one) for one in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return _without_personal(str(value))


def _black(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    if found["query"]:
        return f"?{BLACK}"
    return f"{BLACK}@" if found["credentials"] else BLACK


def one_line(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """No value begins a line or turns the direction of the text: such signs are written as their codes."""
    return {_plain(key): _plain(value) for key, value in line.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        return "".join(_code(sign) for sign in shown)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {_plain(str(key)): _plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def _code(sign: str) -> str:
    # Cc: controls; Cf: directions and joiners; Zl, Zp: line and paragraph separators; Cs: halves of a pair.
    return f"\\u{ord(sign):04x}" if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs") else sign
