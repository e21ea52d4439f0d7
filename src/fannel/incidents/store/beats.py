"""When processes were last seen alive, by what they say of themselves: for whoever leaves work to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select

from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import watermarks
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from datetime import datetime

_PREFIX = "alive/"
OBSERVER = "observer"
BEAT_EVERY_S = 15.0
# Who missed so many is away.
AWAY_AFTER = timedelta(seconds=4 * BEAT_EVERY_S)


class Beats:
    """Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, name: str, now: datetime) -> None:
        """One of that name is alive."""
        new = inserter(self._engine.dialect.name)(watermarks).values(name=_PREFIX + name, value="", at=now)
        with writing(self._engine, patient=False) as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"at": now}))

    def last(self, name: str) -> datetime | None:
        """When one of that name was alive last; None: never."""
        with reading(self._engine) as connection:
            found: datetime | None = connection.execute(
                select(watermarks.c.at).where(watermarks.c.name == _PREFIX + name)
            ).scalar()
            return found
