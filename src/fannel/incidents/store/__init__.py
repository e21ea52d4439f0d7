"""The store: events, incidents, threads and wanted posts, in SQLite or PostgreSQL.

`Store.open(url)` is the door. Every method is one short transaction; none holds one across I/O of its own.
"""

from fannel.incidents.store.changes import By
from fannel.incidents.store.database import PATIENCE_S, StoreError, StoreOutOfDateError, upgrade
from fannel.incidents.store.leases import Leases
from fannel.incidents.store.posts import Post, Posts
from fannel.incidents.store.store import Store

__all__ = ["PATIENCE_S", "By", "Leases", "Post", "Posts", "Store", "StoreError", "StoreOutOfDateError", "upgrade"]
