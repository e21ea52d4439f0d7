"""The leases' table: one row a name, taken and renewed by single statements, so that no two can both have it.

Times are the caller's: the machines that share a database must agree on the time better than leases are long.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Engine, or_, select, update

from fannel.incidents.lease import Lease
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.tables import leases
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from datetime import datetime


class Leases:
    """Who may do what, until when. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, owner: str, for_s: float, now: datetime) -> Lease | None:
        """Take a lease that nobody holds, or whose holder let it expire; None while somebody has it, the owner too."""
        expires_at = now + timedelta(seconds=for_s)
        insert = inserter(self._engine.dialect.name)
        wanted = insert(leases).values(name=name, owner=owner, token=1, taken_at=now, expires_at=expires_at)
        # PostgreSQL locks the row and looks at its newest version: of two at the same instant one finds it taken.
        taken = wanted.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"owner": owner, "token": leases.c.token + 1, "taken_at": now, "expires_at": expires_at},
            where=or_(leases.c.owner.is_(None), leases.c.expires_at <= now),
        ).returning(leases.c.token)
        with writing(self._engine, patient=False) as connection:
            token: int | None = connection.execute(taken).scalar()
        return None if token is None else Lease(name, owner, token, now, expires_at)

    def renew(self, lease: Lease, for_s: float, now: datetime) -> Lease | None:
        """Hold it for longer; None when somebody else took it or it was given back.

        One that expired and that nobody took in between is still the owner's: nobody did anything meanwhile.
        """
        expires_at = now + timedelta(seconds=for_s)
        with writing(self._engine, patient=False) as connection:
            renewed = connection.execute(update(leases).where(*_held(lease)).values(expires_at=expires_at))
        return replace(lease, expires_at=expires_at) if renewed.rowcount else None

    def release(self, lease: Lease) -> bool:
        """Give it back; False when it was not the owner's any more. Its token stays counted."""
        with writing(self._engine, patient=False) as connection:
            return bool(connection.execute(update(leases).where(*_held(lease)).values(owner=None)).rowcount)

    def holder(self, name: str, now: datetime) -> Lease | None:
        """The lease as it is held now; None when it is free."""
        query = select(leases).where(leases.c.name == name, leases.c.owner.is_not(None), leases.c.expires_at > now)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else Lease(row.name, row.owner, row.token, row.taken_at, row.expires_at)


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return leases.c.name == lease.name, leases.c.token == lease.token, leases.c.owner.is_not(None)
