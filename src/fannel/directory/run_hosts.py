"""The devices that one playbook run needs: from pagoda, or while it is no help from the file FANNEL keeps.

An alert waits for this, so whoever has a file to fall back on does not wait long for a pagoda that is away.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from fannel.directory import snapshot
from fannel.directory.errors import EmptyList, NoFallback, PagodaError, Unsearchable
from fannel.directory.mapping import Mapping
from fannel.directory.reader import Reader
from fannel.directory.snapshot import NoSnapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fannel.directory.client import PagodaClient
    from fannel.directory.directory import Device
    from fannel.directory.mapping import DeviceMapping
    from fannel.directory.snapshot import Origin
    from fannel.directory.transport import Timeouts

_UNITS: Final = ((86_400, "days"), (3600, "hours"), (60, "minutes"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Devices of these names (None: of all; they may be none of pagoda's), and of these statuses (None: of any)."""

    names: frozenset[str] | None = None
    statuses: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """The file, whose list it must be (None: anybody's), and how long pagoda may take over a few names, in seconds."""

    path: Path
    origin: Origin | None
    after_s: float


@dataclass(frozen=True, slots=True)
class RunHosts:
    """The devices; `warning` says why they are not pagoda's own answer, and how old they are."""

    devices: list[Device]
    warning: str | None = None


def run_hosts(
    connect: Callable[[Timeouts], PagodaClient],
    mapping: DeviceMapping,
    wanted: Wanted,
    fallback: Fallback | None,
    *,
    timeouts: Timeouts,
    now: float,
) -> RunHosts:
    """Ask pagoda for what is wanted, or failing that the file.

    Everything that keeps pagoda from answering counts, a refused token and a missing model too: the file is there
    because it once worked, the warning says what to mend, and the alert goes its way. `now` is in seconds since the
    epoch.

    Raises:
        PagodaError: pagoda did not answer and there is no file that could; or it cannot be asked for this at all.
    """
    try:
        devices = _from_pagoda(connect, mapping, wanted, fallback, timeouts)
        if devices or fallback is None:
            return RunHosts(devices)
        trouble: PagodaError = EmptyList("pagoda lists no device at all")
    except Unsearchable:
        raise
    except PagodaError as error:
        trouble = error
    return _from_file(fallback, wanted, trouble, now)


def _from_pagoda(
    connect: Callable[[Timeouts], PagodaClient],
    mapping: DeviceMapping,
    wanted: Wanted,
    fallback: Fallback | None,
    timeouts: Timeouts,
) -> list[Device]:
    names_of = Mapping(device=mapping, interface=None)
    if wanted.names:
        quick = timeouts
        if fallback is not None and _usable(fallback):
            after_s = fallback.after_s
            quick = replace(timeouts, connect_s=min(timeouts.connect_s, after_s / 2), retry_s=0, all_s=after_s)
        with closing(connect(quick)) as client:
            devices = Reader(client, names_of).devices(names=wanted.names, statuses=wanted.statuses)
        if {device.name for device in devices} == wanted.names:
            return devices
        # A group, a host of another source, or a device of another status: only the whole list can tell.
    with closing(connect(timeouts)) as client:
        return Reader(client, names_of).devices(statuses=wanted.statuses)


def _usable(fallback: Fallback) -> bool:
    try:
        snapshot.check(fallback.path, fallback.origin)
    except SnapshotError:
        return False
    return True


def _from_file(fallback: Fallback | None, wanted: Wanted, trouble: PagodaError, now: float) -> RunHosts:
    if fallback is None:
        raise trouble
    try:
        kept = snapshot.load(fallback.path, fallback.origin, with_interfaces=False)
    except SnapshotError as error:
        if isinstance(trouble, EmptyList):
            return RunHosts([])
        if isinstance(error, NoSnapshot):
            raise trouble from None
        raise NoFallback(f"{trouble}; {fallback.path} cannot stand in for it: {error}") from None
    devices = [device for device in kept.devices if _has_status(device, wanted.statuses)]
    if wanted.names and wanted.names <= {device.name for device in devices}:
        devices = [device for device in devices if device.name in wanted.names]
    age = _readable(kept.age_s(now))
    return RunHosts(devices, f"{trouble}. Using the list of {age} ago from {fallback.path} instead")


def _has_status(device: Device, statuses: tuple[str, ...] | None) -> bool:
    # Upper and lower case are one to pagoda's search.
    return statuses is None or (device.status or "").casefold() in {status.casefold() for status in statuses}


def _readable(seconds: float) -> str:
    for unit_s, name in _UNITS:
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} seconds"
