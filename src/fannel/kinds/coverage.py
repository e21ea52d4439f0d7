"""What of the catalogue is said how: each kind, the traps that say it, and the systems whose syslog says it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fannel.kinds.compile import Compiled
    from fannel.kinds.kind import Kind
    from fannel.naming.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Coverage:
    """One kind: the notifications that can be it, and the systems that say it in a line, each in alphabetical order."""

    kind: Kind
    traps: tuple[str, ...]
    syslog: tuple[str, ...]


def coverage(compiled: Compiled, catalogue: Catalogue) -> list[Coverage]:
    """Every kind that is defined or mapped to, those of one problem together, in the order of the definitions."""
    kinds: dict[str, Kind] = dict(compiled.kinds)
    traps: dict[str, set[str]] = {}
    for oid, entries in compiled.traps.items():
        node = catalogue.find(oid)
        for entry in entries:
            kinds.setdefault(entry.kind.name, entry.kind)
            traps.setdefault(entry.kind.name, set()).add(oid if node is None else node.qualified_name)
    syslog: dict[str, set[str]] = {}
    for os, mapped in compiled.syslog:
        kinds.setdefault(mapped.kind.name, mapped.kind)
        syslog.setdefault(mapped.kind.name, set()).add(os)
    places = {kind.problem: place for place, kind in reversed(list(enumerate(kinds.values())))}
    return [
        Coverage(kind, tuple(sorted(traps.get(name, ()))), tuple(sorted(syslog.get(name, ()))))
        for name, kind in sorted(kinds.items(), key=lambda item: places[item[1].problem])
    ]
