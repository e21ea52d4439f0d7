"""What came under a silence, and what is done about it at its end: the rules are asked, and people are told, together.

Each silence is settled by one replica, in one transaction with the posts that tell of it: a process that dies in the
middle leaves neither, and nobody is told twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import Engine, and_, case, func, or_, select, update

from fannel.event import Host, Subject
from fannel.incidents.silences import Silences
from fannel.incidents.store import rechecks, unfinished
from fannel.incidents.store.database import reading, writing
from fannel.incidents.store.posts import want
from fannel.incidents.store.requests import is_request, place_of
from fannel.incidents.store.silences import current, one
from fannel.incidents.store.tables import events, incidents, posts, silences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection, Row

    from fannel.event import Json
    from fannel.incidents.silence import Silence
    from fannel.incidents.store.posts import Post
    from fannel.incidents.store.requests import Place

# What is told of a silence; how much there was is counted whole.
_MOST_TOLD = 200
# Silences that are settled in one transaction, in which nobody records; and how many of those in one go.
_AT_ONCE = 10
_ROUNDS = 50

# What is done about a fault that is still there: the rules were asked just now; it is quiet under another silence;
# it follows from another fault; people know of it already.
Then = Literal["asked", "under", "with", "told", ""]


@dataclass(frozen=True, slots=True)
class Quieted:
    """An incident that was raised under a silence: how often, and how it is now. `over_at` is None while it lasts."""

    incident_id: str
    fingerprint: str
    state: str
    events: int
    problem: str
    host: Host
    subject: Subject
    since: datetime
    over_at: datetime | None = None
    then: Then = ""
    # The other silence, or the incident that it follows from.
    other: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What came under a silence: events in all (those of no incident included), and the incidents: what lasts first.

    `lasting` and `over` count all of them, however few are listed.
    """

    events: int
    incidents: tuple[Quieted, ...]
    lasting: int = 0
    over: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """A silence that is over, or soon will be, `now`. `place` is where it was asked for, if that was in Slack.

    `last`: a message there asked for it, and nothing else that this message asked for lasts any longer.
    """

    silence: Silence
    account: Account
    place: Place | None
    last: bool
    now: datetime


class Tell(Protocol):
    """Who makes the posts. Called in the transaction: it may wait for nothing."""

    warn_before: timedelta

    def ended(self, ending: Ending) -> Sequence[Post]:
        """It is over."""

    def ends_soon(self, ending: Ending) -> Sequence[Post]:
        """It will be, within `warn_before`."""


class Endings:
    """Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def account(self, silence_id: int) -> Account:
        """What came under a silence."""
        with reading(self._engine) as connection:
            return account(connection, silence_id)

    def settle(self, now: datetime, tell: Tell | None = None) -> list[Json]:
        """What silences kept quiet that ended, or cover less than before: events that ask the rules about it now.

        Only what is still there and nobody has answered; what another silence covers goes on under that one.
        """
        query = select(silences).where(_due(now, tell)).order_by(silences.c.id).limit(_AT_ONCE)
        asking: list[Json] = []
        for _ in range(_ROUNDS):
            with reading(self._engine) as connection:
                # Nearly always nothing: no write lock is worth that.
                if connection.execute(query).first() is None:
                    break
            with writing(self._engine) as connection:
                rows = connection.execute(query.with_for_update(skip_locked=True)).all()
                left = Silences(current(connection, now))
                for row in rows:
                    if row.ends_at <= now or row.settled < row.revision:
                        asking += _settled(connection, row, left, tell, now)
                    elif tell is not None:
                        _warned(connection, row, left, tell, now)
            if not rows:
                break  # another replica is at them
        return asking


def account(connection: Connection, silence_id: int) -> Account:
    """What came under a silence, in the transaction of `connection`."""
    mine = events.c.silence_id == silence_id
    lasts = incidents.c.resolved_at.is_(None)
    raised = select(events.c.incident_id, func.count().label("n")).where(mine).group_by(events.c.incident_id).subquery()
    told = select(posts.c.seq).where(posts.c.key == incidents.c.id + "/parent").exists()
    query = (
        select(incidents, raised.c.n, told.label("told"))
        .join(raised, raised.c.incident_id == incidents.c.id)
        .order_by(case((lasts, 0), else_=1), incidents.c.opened_at, incidents.c.id)
        .limit(_MOST_TOLD)
    )
    counted = select(func.count(), func.sum(case((lasts, 1), else_=0))).join(
        raised, raised.c.incident_id == incidents.c.id
    )
    total = connection.execute(select(func.count()).select_from(events).where(mine)).scalar_one()
    of_all, lasting = connection.execute(counted.select_from(incidents)).one()
    return Account(total, tuple(map(_quieted, connection.execute(query))), lasting or 0, of_all - (lasting or 0))


def _quieted(row: Row[Any]) -> Quieted:
    then: Then = ""
    if row.resolved_at is None:
        then = "with" if row.cause_id else "told" if row.told else ""
    return Quieted(
        row.id,
        row.fingerprint,
        row.state,
        row.n,
        row.problem,
        Host(**row.host),
        Subject(**row.subject),
        row.reopened_at or row.opened_at,
        row.resolved_at,
        then,
        row.cause_id or "",
    )


def _due(now: datetime, tell: Tell | None) -> ColumnElement[bool]:
    which = [silences.c.settled < silences.c.revision, silences.c.ends_at <= now]
    if tell is not None and tell.warn_before:
        unsaid = or_(silences.c.warned_for.is_(None), silences.c.warned_for < silences.c.ends_at)
        which.append(and_(silences.c.ends_at <= now + tell.warn_before, unsaid))
    return and_(silences.c.over.is_(False), or_(*which))


def _settled(connection: Connection, row: Row[Any], left: Silences, tell: Tell | None, now: datetime) -> Sequence[Json]:
    asking, elsewhere = [], {}
    over = row.ends_at <= now
    # Before what goes on under another silence is counted there.
    came = account(connection, row.id) if over and tell is not None else None
    for opening, event in unfinished.silenced(connection, row.id):
        other = left.of(opening, now)
        if other is None:
            asked = update(incidents).where(incidents.c.id == event["incident"]["id"]).values(asked_at=now)
            connection.execute(asked)
            # The rules have had it before, silenced: whoever hands it to them must not take it for a repetition.
            asking.append(event | {"incident": event["incident"] | {"asked_again_at": now.isoformat()}})
        elif other.id != row.id:
            connection.execute(update(events).where(events.c.id == opening.id).values(silence_id=other.id))
            elsewhere[event["incident"]["id"]] = f"#{other.id}"
    if tell is not None and came is not None and (silence := one(connection, row.id)) is not None:
        to_be_checked = {event["incident"]["id"] for event in asking}
        came = _then(connection, came, to_be_checked, elsewhere, now)
        for post in tell.ended(_ending(connection, silence, came, left, now)):
            want(connection, post)
    values = {"settled": row.revision, "over": over}
    connection.execute(update(silences).where(silences.c.id == row.id).values(values))
    return asking


def _then(connection: Connection, came: Account, asked: set[str], elsewhere: dict[str, str], now: datetime) -> Account:
    """The account, with what is done about each; what people know of is looked at whether it is still true."""
    listed = []
    for found in came.incidents:
        if found.incident_id in asked:
            listed.append(replace(found, then="asked"))
        elif found.incident_id in elsewhere:
            listed.append(replace(found, then="under", other=elsewhere[found.incident_id]))
        else:
            if found.then == "told":
                rechecks.sooner(connection, found.incident_id, now)
            listed.append(found)
    return replace(came, incidents=tuple(listed))


def _ending(connection: Connection, silence: Silence, came: Account, left: Silences, now: datetime) -> Ending:
    place = place_of(connection, silence.origin)
    lasts = any(other.origin == silence.origin and other.id != silence.id for other in left.all)
    last = place is not None and not lasts and is_request(connection, place)
    return Ending(silence, came, place, last, now)


def _warned(connection: Connection, row: Row[Any], left: Silences, tell: Tell, now: datetime) -> None:
    silence = one(connection, row.id)
    # A short one is over before anybody could act on a warning: it is only noted as said.
    if silence is not None and silence.ends_at - silence.starts_at >= 2 * tell.warn_before:
        for post in tell.ends_soon(_ending(connection, silence, account(connection, row.id), left, now)):
            want(connection, post)
    connection.execute(update(silences).where(silences.c.id == row.id).values(warned_for=row.ends_at))
