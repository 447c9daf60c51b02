"""What is known of every run, kept in SQLite or PostgreSQL: `open_store` is the door.

`Store` reads, takes users' wishes and gives out claims; `Writer` changes a claimed run, one transaction per method.
"""

from service.store.claims import Claim
from service.store.errors import LeaseLost, NotFound, StateConflict, StoreError, StoreUnavailable
from service.store.listing import RunPage, Wanted
from service.store.owner import process_owner
from service.store.records import News
from service.store.retention import Named
from service.store.states import Wish
from service.store.store import Pulse, Store, migrate_store, open_store
from service.store.writer import Writer

__all__ = [
    "Claim",
    "LeaseLost",
    "Named",
    "News",
    "NotFound",
    "Pulse",
    "RunPage",
    "StateConflict",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Wanted",
    "Wish",
    "Writer",
    "migrate_store",
    "open_store",
    "process_owner",
]
