"""Logs: one JSON object a line, on standard error; nothing secret and nothing personal in them.

Secrets are masked by the name of their field and by their shape, e-mail addresses unless the level is DEBUG. What
comes from outside cannot forge a line or move a terminal's cursor: everything but printable ASCII is escaped.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from adapters.http import redact
from connector.clock import Clock

_SECRET_NAME = re.compile(
    r"token|secret|passw|authori[sz]ation|cookie|credential|api_?key|private|signature|verifier",
    re.IGNORECASE,
)
_SECRET_SHAPE = re.compile(r"(?i)(://[^/\s:@]*:)[^/\s@]+(?=@)")
_ADDRESS = re.compile(r"[^\s<>\"'(),:;=\[\]\\@]+@[^\s<>\"'(),:;=\[\]\\@]+")
_LONGEST = 2000
_DEEPEST = 6
_TALKATIVE = ("alembic", "apscheduler", "httpcore", "httpx", "mail.log", "sqlalchemy", "uvicorn.access")


def configure_logs(level: str, clock: Clock, stream: TextIO | None = None) -> None:
    """Sets logging up for this process, other libraries' included; what they merely tell is left out."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _Stamp(clock),
            structlog.processors.format_exc_info,
            Redaction(addresses=level != "DEBUG"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=level, handlers=[_Forward()], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class Redaction:
    """Masks what must not be written, at any depth; cuts what is too long."""

    def __init__(self, *, addresses: bool = True) -> None:
        self._addresses = addresses

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        """One event, safe to write."""
        return {self.text(name): self._value(name, value) for name, value in event.items()}

    def text(self, text: str) -> str:
        """A text, safe to write."""
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
        shown = _SECRET_SHAPE.sub(r"\1***", redact(shown))
        return _ADDRESS.sub("***@***", shown) if self._addresses else shown

    def _value(self, name: object, value: object, depth: int = 0) -> object:
        if _SECRET_NAME.search(str(name)) and value is not None and not isinstance(value, (bool, int)):
            return "***"
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {self.text(str(key)): self._value(key, inner, depth + 1) for key, inner in value.items()}
        if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
            return [self._value("", inner, depth + 1) for inner in value]
        return self.text(str(value))


class _Stamp:
    """Adds the instant, by the clock in use: a simulated month is logged in its own time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["at"] = self._clock.now().isoformat(timespec="milliseconds")
        return event


class _Forward(logging.Handler):
    """What other libraries log goes the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hands a record on."""
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
