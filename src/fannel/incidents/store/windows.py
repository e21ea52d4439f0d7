"""Work windows as silences in the database: added, followed when their plan changes, expired when it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from fannel.incidents.silence import Silence, SilenceError
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.silences import add, change, silence_of
from fannel.incidents.store.tables import silence_revisions
from fannel.incidents.window import CALENDAR, FILE, Followed, Window, changes, is_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sqlalchemy import Connection, Engine


# Silences that are written in one transaction.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done: silences that are new, and revisions of others."""

    added: tuple[Silence, ...] = ()
    changed: tuple[Silence, ...] = ()


class KeptWindows:
    """Silences that come of work windows. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def follow(self, wanted: Sequence[Window], families: AbstractSet[str], now: datetime) -> Kept:
        """Make the silences of these families what is wanted. A second time it does nothing.

        A few in a transaction, so that who records events need not wait for a whole calendar. What somebody else
        changes at the same instant is left for the next time.
        """
        with reading(self._engine) as connection:
            # Nearly always nothing: no write lock is worth that.
            found = changes(wanted, _known(connection), families, now)
        done = Kept()
        for _ in range(0, len(found.added) + len(found.changed), _AT_ONCE):
            try:
                some = self._follow(wanted, families, now)
            except (SilenceError, IntegrityError):
                return done
            done = Kept(done.added + some.added, done.changed + some.changed)
        return done

    def _follow(self, wanted: Sequence[Window], families: AbstractSet[str], now: datetime) -> Kept:
        with writing(self._engine) as connection:
            found = changes(wanted, _known(connection), families, now)
            added = tuple(add(connection, one.silence(), now) for one in found.added[:_AT_ONCE])
            changed = found.changed[: _AT_ONCE - len(added)]
            change(connection, changed)
        return Kept(added, changed)


def _known(connection: Connection) -> dict[str, Followed]:
    """By origin the newest silence of it, and what its source said last."""
    planned = or_(silence_revisions.c.origin.startswith(FILE), silence_revisions.c.origin.startswith(CALENDAR))
    newest = select(func.max(silence_revisions.c.silence_id)).where(planned).group_by(silence_revisions.c.origin)
    query = (
        select(silence_revisions)
        .where(silence_revisions.c.silence_id.in_(newest))
        .order_by(silence_revisions.c.silence_id, silence_revisions.c.revision)
    )
    known: dict[str, Followed] = {}
    for row in connection.execute(query).mappings():
        revision = silence_of(row)
        before = known.get(revision.origin)
        said = revision if before is None or is_source(revision.changed_by) else before.said
        known[revision.origin] = Followed(revision, said)
    return known
