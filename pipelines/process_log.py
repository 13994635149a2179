"""What a process says of itself on stderr: one JSON object a line, or words on a terminal. Masked, whoever speaks."""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pipelines.masking import Mask
from pipelines.settings import Settings

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_log = logging.getLogger(__name__)


def configure_logging(settings: Settings, *, as_json: bool, level: int = logging.INFO) -> None:
    """
    Have every logger of this process speak through one handler, also those that set up handlers of their own.

    Streamlit and uvicorn do so, before and after this call: their handlers go when they next have something to say.
    """
    mask = Mask(settings)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine(mask) if as_json else _Words(mask))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.setLogRecordFactory(_Adopting(logging.LogRecord))
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # it tells of each look at the ledger
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


class _Adopting:
    """Makes records; and takes its own handlers from the logger that asks for one, so that its parents' are used."""

    def __init__(self, make: type[logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, name: str, *rest: Any, **more: Any) -> logging.LogRecord:
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None and logger.parent is not None:
            logger.handlers.clear()
            logger.propagate = True
            logger = logger.parent
        return self._make(name, *rest, **more)


class _Masked(logging.Formatter):
    """What both forms share."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def _message(self, record: logging.LogRecord) -> str:
        try:
            return self._mask(record.getMessage())
        except (TypeError, ValueError):  # the arguments do not fit: told unmasked otherwise, by logging itself
            return self._mask(str(record.msg))

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        given = {name: value for name, value in vars(record).items() if name not in _OWN}
        # A number or a truth value stays one; an id is a string, and is masked.
        return {
            name: value if isinstance(value, bool | int | float) or value is None else self._mask(str(value))
            for name, value in given.items()
        }

    def _error(self, record: logging.LogRecord) -> str:
        return self._mask(self.formatException(record.exc_info)) if record.exc_info and record.exc_info[0] else ""


class _JsonLine(_Masked):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
        told = {"at": f"{at}Z", "level": record.levelname.lower(), "logger": record.name}
        error = self._error(record)
        told |= {"message": self._message(record)} | self._fields(record) | ({"error": error} if error else {})
        return json.dumps(told, ensure_ascii=False)


class _Words(_Masked):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in self._fields(record).items())
        error = self._error(record)
        return f"{record.levelname}: {self._message(record)}{fields}" + (f"\n{error}" if error else "")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("The process ends by an error that nothing expected.", exc_info=(kind, error, trace))


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None:
        trace = (given.exc_type, given.exc_value, given.exc_traceback)
        _log.critical("A thread ended by an error that nothing expected.", exc_info=trace)
