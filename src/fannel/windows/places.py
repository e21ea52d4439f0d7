"""The devices and circuits that plans name, as pagoda has them. An index, made once for a list of devices."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from fannel.incidents.silence import Matcher

if TYPE_CHECKING:
    from fannel.directory.directory import Directory
    from fannel.incidents.silence import Scope


class AmbiguousNameError(ValueError):
    """Several devices have that short name."""


class Places:
    """`full()` and `circuit()`; compared without case."""

    def __init__(self, directory: Directory) -> None:
        self._names: dict[str, str] = {}
        self._short: dict[str, list[str]] = defaultdict(list)
        self._circuits: dict[str, list[Scope]] = defaultdict(list)
        for device in directory.devices:
            name = device.name.casefold()
            self._names[name] = device.name
            self._short[name.partition(".")[0]].append(device.name)
            for port in directory.interfaces.get(device.pagoda_id, ()):
                if port.circuit:
                    scope = (Matcher("host", "equal", device.name), Matcher("interface", "equal", port.name))
                    self._circuits[port.circuit.strip().casefold()].append(scope)

    def __len__(self) -> int:
        return len(self._names)

    def knows(self, host: str) -> bool:
        """Whether pagoda has a device of that full name."""
        return host.casefold() in self._names

    def circuit(self, circuit: str) -> tuple[Scope, ...]:
        """The interfaces of a circuit."""
        return tuple(self._circuits.get(circuit.strip().casefold(), ()))

    def full(self, scope: Scope) -> Scope:
        """The same with hosts by their full names; what pagoda does not know stays as it is.

        Raises:
            AmbiguousNameError: several devices have that short name.
        """
        return tuple(self._full(one) if one.field == "host" and one.operator == "equal" else one for one in scope)

    def _full(self, matcher: Matcher) -> Matcher:
        folded = matcher.value.casefold()
        if folded in self._names:
            return matcher
        names = self._short.get(folded, ())
        if len(names) > 1:
            raise AmbiguousNameError(f"{matcher.value} is the short name of {', '.join(sorted(names)[:5])}")
        return replace(matcher, value=names[0]) if names else matcher
