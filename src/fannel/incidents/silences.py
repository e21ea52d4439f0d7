"""All silences that are not over, as an index: which of them covers an event now. Immutable, asked from any thread.

What a silence says of the device is decided once a device, by its name or by what a pattern of names must hold. What is
left to test of an event is only what is silenced on its device.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fannel.incidents.patterns import Patterns
from fannel.incidents.silence import OF_THE_DEVICE, folded, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from fannel.event import Event, Json
    from fannel.incidents.silence import Matcher, Scope, Silence

# Devices that were asked about and are remembered, with what is silenced on them.
_MOST_DEVICES: Final = 20_000

_RAREST: Final = ("host", "site", "role")

_Test = tuple[str, "Callable[[str], bool]"]


class Silences:
    """`of(event, now)` is the silence that covers an event and ends last, or None."""

    def __init__(self, silences: Iterable[Silence] = ()) -> None:
        self.all: tuple[Silence, ...] = tuple(silences)
        self._scopes: list[_Scope] = [_Scope(silence, scope) for silence in self.all for scope in silence.scopes]
        self._by_value: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._anywhere: list[int] = []
        by_pattern: list[tuple[int, Matcher]] = []
        for number, scope in enumerate(self._scopes):
            if scope.key is not None:
                self._by_value[scope.key].append(number)
            elif scope.host is not None:
                by_pattern.append((number, scope.host))
            else:
                self._anywhere.append(number)
        self._patterns = Patterns(by_pattern)
        self._devices: dict[tuple[str, str | None, str | None], tuple[_Scope, ...]] = {}

    def of(self, event: Event, now: datetime) -> Silence | None:
        """The silence that keeps this event quiet longest."""
        if not self._scopes:
            return None
        host = event.host
        here = self._devices.get((host.name, host.site, host.role))
        if here is None:
            here = self._on(event)
        if not here:
            return None
        values = values_of(event)
        found: Silence | None = None
        for scope in here:
            silence = scope.silence
            if (
                silence.starts_at <= now < silence.ends_at
                and (found is None or silence.ends_at > found.ends_at)
                and scope.matches(values)
            ):
                found = silence
        return found

    def marked(self, event: Event, now: datetime) -> Event:
        """The event with the silence that covers it now, or without one."""
        silence = self.of(event, now)
        said: Json | None = None if silence is None else silence.to_event()
        return event if event.silence == said else replace(event, silence=said)

    def _on(self, event: Event) -> tuple[_Scope, ...]:
        """What is silenced on the device of an event, remembered."""
        host = event.host
        values = {"host": folded(host.name)}
        if host.site:
            values["site"] = folded(host.site)
        if host.role:
            values["role"] = folded(host.role)
        numbers = self._patterns.candidates(values["host"])
        numbers.update(self._anywhere)
        for key in values.items():
            if (more := self._by_value.get(key)) is not None:
                numbers.update(more)
        here = tuple(self._scopes[number] for number in sorted(numbers) if self._scopes[number].is_on(values))
        if len(self._devices) >= _MOST_DEVICES:
            self._devices.clear()
        self._devices[host.name, host.site, host.role] = here
        return here


class _Scope:
    """One scope of a silence, ready to be tested."""

    __slots__ = ("_of_device", "_rest", "host", "key", "silence")

    def __init__(self, silence: Silence, scope: Scope) -> None:
        self.silence = silence
        self.host = next((matcher for matcher in scope if matcher.field == "host"), None)
        self._rest = _tests(matcher for matcher in scope if matcher.field not in OF_THE_DEVICE)
        of_device = [matcher for matcher in scope if matcher.field in OF_THE_DEVICE]
        exact = (matcher for matcher in of_device if matcher.operator == "equal")
        found = min(exact, key=lambda matcher: _RAREST.index(matcher.field), default=None)
        # What a device must be called, or belong to, for this to be about it; None where that is a pattern.
        self.key = None if found is None else (found.field, found.folded)
        # Who finds it by its key need not compare that again.
        self._of_device = _tests(matcher for matcher in of_device if matcher is not found)

    def is_on(self, values: dict[str, str]) -> bool:
        """Whether it is about a device of that name, site and role."""
        return _all(self._of_device, values)

    def matches(self, values: dict[str, str]) -> bool:
        """Whether the rest matches, too."""
        return _all(self._rest, values)


def _tests(matchers: Iterable[Matcher]) -> Sequence[_Test]:
    return [(matcher.field, matcher.test()) for matcher in matchers]


def _all(tests: Sequence[_Test], values: dict[str, str]) -> bool:
    for field, test in tests:
        value: Any = values.get(field)
        if value is None or not test(value):
            return False
    return True
