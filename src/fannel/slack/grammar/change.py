"""What a request comes to: the silence it asks for, a later end, what is over; and what is broad about it. Pure.

The same for a message in Slack and for a command line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fannel.incidents.silence import OF_THE_DEVICE, Silence, SilenceError, broad, described, resumed
from fannel.slack.grammar.scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fannel.config.silences import Silences
    from fannel.incidents.silence import Scope
    from fannel.slack.grammar.known import Known
    from fannel.slack.grammar.request import Request


def scopes_of(request: Request) -> tuple[Scope, ...]:
    """What a request is about."""
    return tuple(map(scope_of, request.targets))


def silence_of(request: Request, author: str, origin: str, also: Scope = ()) -> Silence:
    """The silence that a request to silence asks for; `also` must hold, too."""
    assert request.starts_at is not None  # noqa: S101  (a request to silence has both)
    assert request.ends_at is not None  # noqa: S101
    scopes = tuple((*scope, *also) for scope in scopes_of(request))
    return Silence(0, scopes, request.starts_at, request.ends_at, author, origin, request.reason)


def later(silence: Silence, request: Request, by: str, now: datetime, limits: Silences) -> Silence:
    """The next revision, with the end that a request to extend asks for.

    Raises:
        SilenceError: it is over, that would not be later, or it would last too long.
    """
    ends_at = request.ends_at or silence.ends_at + (request.by or timedelta())
    if ends_at - max(silence.starts_at, now) > timedelta(days=limits.longest_days):
        raise SilenceError(f"it would last longer than {limits.longest_days:g} days (silences.longest_days)")
    return silence.extended(ends_at, by, now)


def meant(
    request: Request, current: Sequence[Silence], one: Callable[[int], Silence | None]
) -> tuple[list[Silence], list[int]]:
    """Which silences a request to extend means, by number or by what they are about; and the numbers nobody has.

    Raises:
        SilenceError: nothing is silenced there, or by a silence that is about more.
    """
    if request.ids:
        found = [(number, one(number)) for number in request.ids]
        return [silence for _, silence in found if silence is not None], [
            number for number, silence in found if silence is None
        ]
    wanted = {_folded(scope_of(target)) for target in request.targets}
    same = [silence for silence in current if wanted & {_folded(scope) for scope in silence.scopes}]
    if not same:
        raise SilenceError(f"nothing is silenced there: {described(map(scope_of, request.targets))}")
    if more := next((one for one in same if not {_folded(scope) for scope in one.scopes} <= wanted), None):
        raise SilenceError(f"silence #{more.id} is about more ({described(more.scopes)}): extend it by its number")
    return same, []


def over(request: Request, current: Sequence[Silence], by: str, now: datetime) -> list[Silence]:
    """The next revisions of what a request to resume ends, where it names hosts and not numbers.

    Raises:
        SilenceError: nothing is silenced there, or only part of a scope is meant.
    """
    return resumed(current, [scope_of(target) for target in request.targets], by, now)


def hosts_of(request: Request) -> list[str]:
    """The devices that a request is about now: those that are known, and senders that nobody knows, by address."""
    named = {target.host for target in request.targets if target.host and not target.host_is_glob}
    return [*request.hosts, *sorted(named - {*request.hosts})]


def why_broad(silence: Silence, hosts: Sequence[str], now: datetime, limits: Silences, known: Known) -> list[str]:
    """Why a second look is due; `hosts` are the devices that it is about now. Empty: none is."""
    longest = timedelta(hours=limits.broad_hours)
    found = broad(silence, len(hosts), now, most_hosts=limits.broad_hosts, longest=longest)
    whole = any({one.field for one in scope} <= OF_THE_DEVICE for scope in silence.scopes)
    critical = {role.casefold() for role in limits.broad_roles}
    if whole and critical:
        roles = sorted({role for host in hosts if (role := known.role_of(host)) is not None and role in critical})
        found += [f"it is about a whole device of the role {role}" for role in roles]
    return found


def hosts_in(scopes: Sequence[Scope], known: Known) -> list[str]:
    """The known devices that a silence of these scopes is about now."""
    tests = [[(one.field, one.test()) for one in scope if one.field in OF_THE_DEVICE] for scope in scopes]
    return [
        name
        for name, device in known.devices()
        if any(all((value := device[field]) is not None and test(value) for field, test in scope) for scope in tests)
    ]


def _folded(scope: Scope) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.field, one.operator, one.folded) for one in scope)
