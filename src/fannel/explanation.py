"""What FANNEL would make of a trap or a line: the road itself, with what is kept on disk in the place of pagoda.

Nothing is contacted and nothing is recorded.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fannel.checks.find import Checks
from fannel.intake.datagram import Datagram, Transport
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.kinds.site import catalogues
from fannel.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from fannel.config import Settings
    from fannel.directory.directory import Device, Directory, Interface, Lookup
    from fannel.event import Event
    from fannel.intake.refusals import Refusal

_PORT = 50_000


@dataclass(frozen=True, slots=True)
class Kept:
    """The list on disk, asked as the running directory is."""

    directory: Directory

    def find(self, candidates: Sequence[str]) -> Lookup:
        """The device that owns the first of these addresses that anybody owns."""
        return self.directory.find(candidates, time.time())

    known = find

    def interface(self, device: Device, *, ifindex: int | None = None, name: str | None = None) -> Interface | None:
        """The interface on record."""
        return self.directory.interface(device, ifindex=ifindex, name=name)


@dataclass(frozen=True, slots=True)
class Input:
    """What came: the octets, from whom, and as what."""

    payload: bytes
    source: str
    received_at: datetime
    transport: Transport = Transport.SNMP_UDP


def observed(given: Input, settings: Settings, directory: Directory) -> Event | Refusal:
    """The event, or why there would be none.

    Raises:
        CatalogueError, KindsError: the site's own names or kinds cannot be used.
    """
    names, kinds = catalogues(settings.kinds.path, settings.mibs.path)
    road = Pipeline(
        trap=settings.trap,
        catalogue=names,
        kinds=kinds,
        directory=Kept(directory),
        store=None,  # type: ignore[arg-type]  # what is only observed is not committed
        refusals=Refusals(),
        syslog=settings.syslog,
        zone=settings.site.zone,
    )
    datagram = Datagram(given.payload, given.source, _PORT, given.received_at, transport=given.transport)
    (seen,) = road.observe([Spooled(SpoolId(1, 0), datagram)])
    if seen.refusal is not None:
        return seen.refusal
    assert seen.event is not None  # noqa: S101  (there is one or the other)
    return seen.event


def check_of(event: Event, settings: Settings) -> Path | None:
    """The check that would be run for this fault; None if there is none, or nobody to log in to."""
    if not event.host.known:
        return None
    found = Checks.beside(settings.checks.path)
    return found.file(event.problem, event.host.os)
