"""What can be wrong with the store.

StoreError
├── NotFound          no run, candidate, completion or training of that id
├── StateConflict     the change is not allowed in the present state; the message names both and what is allowed
├── LeaseLost         another process has the run now, or nobody: the writer must stop, nothing was written
└── StoreUnavailable  the database cannot be used: full, read-only, locked, out of reach; the message says how to mend it
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError


class StoreError(Exception):
    """Anything wrong with the store; the message says what was expected, what came and where."""


class NotFound(StoreError):
    """Nothing of that id is stored."""


class StateConflict(StoreError):
    """The change is not allowed in the present state."""


class LeaseLost(StoreError):
    """The claim is no longer the run's: another process has taken it over, or the run has left `running`."""


class StoreUnavailable(StoreError):
    """The database cannot be used now: an infrastructure fault, never the fault of a request or a candidate."""


HOW_TO_MEND = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and resume the run",
    sqlite3.SQLITE_READONLY: "the database is read-only; make the file and its folder writable for this user",
    sqlite3.SQLITE_BUSY: "the database is locked by another process; end that process or wait for it",
    sqlite3.SQLITE_LOCKED: "the database is locked by another process; end that process or wait for it",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check that its folder exists and is writable",
    sqlite3.SQLITE_PERM: "the database file may not be opened; check its permissions",
    sqlite3.SQLITE_IOERR: "the disk does not read or write; check its health, its space and the limits of this user",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database; choose another file in REWARDSMITH_DATABASE_URL",
}


SERVER_FAULTS = {
    "53100": "the server's disk is full; free some space and resume the run",
    "53200": "the server is out of memory; give it more, or ask it for less at once",
    "53300": "the server takes no more connections; raise its max_connections, or run fewer processes",
    "25006": "the server is read-only; point REWARDSMITH_DATABASE_URL at the one that takes writes",
    "42501": "this user may not do that; make it the owner of the database",
    "57014": "the server cancelled it; ask again, or see why in its log",
}
"""What PostgreSQL's error codes (its manual, appendix A) ask for, where it is more than to wait until the server is back."""


def unavailable(error: DBAPIError | sqlite3.Error, where: str) -> StoreUnavailable | None:
    """The infrastructure fault behind a driver's error at the database `where`, None if it is not one but our own mistake."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    extended = getattr(cause, "sqlite_errorcode", None)
    mend = HOW_TO_MEND.get(extended & 0xFF) if isinstance(extended, int) else None
    mend = mend or SERVER_FAULTS.get(getattr(cause, "sqlstate", None) or "")
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if mend is None and (lost or (extended is None and isinstance(error, OperationalError))):
        mend = "the database cannot be reached; check that its server runs and REWARDSMITH_DATABASE_URL names it"
    return StoreUnavailable(f"{where}: {mend} ({' '.join(str(cause).split())})") if mend else None
