"""Failures of the app's own threads: a sentence for the pages, and for the log where it was, without any data."""

import logging
import traceback

from sqlalchemy.exc import DBAPIError

from pipelines.errors import ClearToSendError

_log = logging.getLogger(__name__)


def told(error: BaseException, what: str) -> str:
    """Log a failure and return it as a sentence. What a library says may quote a log line, so it is kept to itself."""
    if isinstance(error, ClearToSendError):
        _log.error("%s failed: %s", what, error)
        return str(error)
    place = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s stopped with %s at\n%s", what, type(error).__name__, place)
    if isinstance(error, DBAPIError):
        return f"{what} cannot reach the ledger ({type(error.orig).__name__}). It is tried again."
    if isinstance(error, OSError):
        return f"{what} met the system's refusal: {error.filename or ''} {error.strerror or error}. It is tried again."
    return f"{what} stopped with {type(error).__name__}. It is tried again; the log of the server says where."
