"""The error tree.

    ClearToSendError            every error this project raises on purpose; str(error) is a sentence for the user
    ├── UsageError              the command's words are off: nothing was tried                      exit 2
    ├── PolicyError             the rule book itself is broken: an entry without a source, overlapping dates   exit 3
    ├── PolicyUnknown           no rule is known for that moment: a refusal, never a default        exit 1
    ├── Refused                 a rule of the house stands against it: nothing was done             exit 1
    └── SurroundingsError       the machine, not the data: retry after mending it                   exit 3
        ├── HomeMissing         there is no home folder, or nothing in it
        ├── SourceUnreadable    a log file cannot be opened or decoded
        ├── WarehouseLocked     another process owns warehouse.duckdb
        ├── WarehouseTooOld     the warehouse was written by an older Clear to Send
        ├── WarehouseTooNew     the warehouse was written by a newer Clear to Send
        ├── WarehouseCorrupt    warehouse.duckdb is not a database, or breaks its own checks
        ├── LedgerUnreachable   the ledger's database cannot be opened, or is newer than this version
        └── DiskFull            no space left; what was committed stands

A bad line in a log is never an error: it becomes a row in `rejects`.
"""


class ClearToSendError(Exception):
    """Base of every expected failure. `str(error)` names what is wrong and what to do."""

    exit_code = 1


class UsageError(ClearToSendError):
    """The command was called with words that do not fit. Do not retry unchanged."""

    exit_code = 2


class PolicyError(ClearToSendError):
    """The rule book cannot be trusted. Lists every problem with file and key."""

    exit_code = 3


class PolicyUnknown(ClearToSendError):
    """No rule of that id is in force at that moment. Callers refuse; they never assume."""


class Refused(ClearToSendError):
    """What was asked is not allowed as things stand: not approved, too late, by the wrong person. Nothing was done."""


class SurroundingsError(ClearToSendError):
    """Something outside the data is broken. Retry once it is mended."""

    exit_code = 3


class HomeMissing(SurroundingsError):
    """The home folder does not exist or holds no warehouse yet."""


class SourceUnreadable(SurroundingsError):
    """A log file is missing, forbidden, or its compression is broken."""


class WarehouseLocked(SurroundingsError):
    """Another process owns the DuckDB file; the message names it where the system tells."""


class WarehouseTooOld(SurroundingsError):
    """An older version wrote this warehouse. A load sets it aside and makes a new one from the logs."""


class WarehouseTooNew(SurroundingsError):
    """A newer version of Clear to Send wrote this warehouse."""


class WarehouseCorrupt(SurroundingsError):
    """The warehouse cannot be read, or its own checks found rows. Delete it and load again: logs are the truth."""


class LedgerUnreachable(SurroundingsError):
    """The ledger cannot be opened. What it holds cannot be rebuilt: never delete it to get on."""


class DiskFull(SurroundingsError):
    """The disk is full. Everything committed so far is kept; run the same command again."""
