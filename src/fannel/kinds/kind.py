"""Kinds: the vendor-neutral names of what happened, each with the problem it speaks of and what it does to it.

A kind is defined once (catalogue/kinds.yml), so that every trap and every syslog message of that kind raises or clears
the same problem, on every OS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fannel.kinds.document import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fannel.event import Phase, Severity
    from fannel.kinds.document import Document, Location


@dataclass(frozen=True, slots=True)
class Kind:
    """What happened. `subject` is the type of what it happens to; None where an entry alone defines its kind."""

    name: str
    problem: str
    phase: Phase
    severity: Severity
    subject: str | None = None


def defined_kinds(documents: Iterable[Document]) -> dict[str, Kind]:
    """The kinds that the files define, by name.

    Raises:
        KindsError: Two files define the same one.
    """
    kinds: dict[str, Kind] = {}
    for document in reversed(list(documents)):  # the shipped ones first, so that a site's file is the one to change
        for name, raw in document.data.get("kinds", {}).items():
            if name in kinds:
                raise document.error(("kinds", name), f"kind {name!r} is already defined; give this one another name")
            kinds[name] = Kind(name, raw["problem"], raw["phase"], raw["severity"], raw["subject"])
    return kinds


def kind_of(document: Document, path: Location, raw: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Kind:
    """The kind of the entry at `path`: a defined one, or one that the entry spells out itself.

    Raises:
        KindsError: It is neither, or the entry contradicts the definition.
    """
    name = raw["kind"]
    kind = kinds.get(name)
    if kind is None:
        for key in ("problem", "phase", "severity"):
            if key not in raw:
                remedy = suggestion(name, kinds) or "; define it under 'kinds', or say all of it here"
                raise document.error(path, f"{key!r} is missing, and no kind {name!r} is defined{remedy}")
        return Kind(name, raw["problem"], raw["phase"], raw["severity"])
    for key, defined in (("problem", kind.problem), ("phase", kind.phase)):
        if raw.get(key, defined) != defined:
            raise document.error((*path, key), f"{key}: kind {name!r} is defined with {defined!r}; leave it out here")
    return Kind(name, kind.problem, kind.phase, raw.get("severity", kind.severity), kind.subject)
