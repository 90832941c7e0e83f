"""What the bot writes down about itself: one line or one JSON object per record, and never a secret in it."""

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO

_SECRETS = (
    (re.compile(r"(xox[a-z]|xapp)(?:[.-]\w+)+", re.IGNORECASE), r"\1-***"),
    (re.compile(r"(hooks\.slack\.com/)[^\s\"'<>\\]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"([?&]ticket=)[^\s&\"'<>\\]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"(://[^\s:/@\"']*:)\S+@"), r"\1***@"),  # a password in a URL, whatever characters it has
    (re.compile(r"\b(password=)('[^']*'|[^\s&\"']+)", re.IGNORECASE), r"\1***"),
)
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in b"\n\t"}
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}  # of every record; the rest is `extra`


def redact(text: str) -> str:
    """Without Slack tokens, response URLs, Socket Mode tickets, and passwords in URLs."""
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text


class _Redacting(logging.Formatter):
    """Works on the finished text, so that arguments and tracebacks are covered by the same stroke."""

    def said(self, record: logging.LogRecord) -> str:
        try:
            return redact(record.getMessage())
        except Exception:  # noqa: BLE001 - logging would print message and arguments as they are
            return redact(f"{record.msg!s} {record.args!r}")

    def trouble(self, record: logging.LogRecord) -> str:
        parts = []
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return redact("\n".join(parts))


class TextFormatter(_Redacting):
    """Later lines of a record are indented: no text of a user can pass for a record of ours."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{_moment(record)} {record.levelname:<7} {record.name}: {self.said(record)}"
        extra = [f"{key}={redact(str(value))}" for key, value in _extra(record).items()]
        text = "\n".join(part for part in (" ".join((head, *extra)), self.trouble(record)) if part)
        return text.translate(_CONTROL).replace("\n", "\n    ")


class JsonFormatter(_Redacting):
    """time (UTC), level, logger, message; then what `extra` gave; then exception, if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self.said(record),
        }
        for key, value in _extra(record).items():
            entry.setdefault(key, value if isinstance(value, bool | int | float | None) else redact(str(value)))
        if trouble := self.trouble(record):
            entry["exception"] = trouble
        return json.dumps(entry, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def set_up_logging(level: str, format: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Everything goes to `stream` (stderr), also warnings and what kills a thread. `level`: "DEBUG" .. "ERROR"."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It reports every run of every job, and the engine ticks each second.
    logging.getLogger("apscheduler").setLevel(level if level in ("DEBUG", "ERROR") else "WARNING")
    for chatty in ("alembic.runtime.plugins", "alembic.runtime.migration"):
        logging.getLogger(chatty).setLevel(level if level in ("DEBUG", "ERROR") else "WARNING")
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        logging.getLogger("escalator").critical("The program stops.", exc_info=(kind, error, traceback))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread else "a thread"
        error = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger("escalator").critical("The thread %s stops.", name, exc_info=error)
