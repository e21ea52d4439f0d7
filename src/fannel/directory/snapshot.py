"""The directory on disk: what pagoda said last, for a start or a playbook run while pagoda is away.

JSON lines: a header, a line per device, a line per interface. The header says how many of each there are, so half a
file is never taken for a whole one, and who needs devices alone stops early. Writing replaces the file in one step;
reading believes nothing: a file that is not exactly what `save()` writes is refused.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
import time
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from fannel import atomic
from fannel.directory.directory import Device, Interface, address
from fannel.directory.mapping import os_name
from fannel.directory.reader import MAX_ADDRESSES, MAX_NAME, MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fannel.directory.mapping import DeviceMapping

SCHEMA: Final = "fannel.directory/1"
# 500,000 interfaces, the most that pagoda can list, are about 100 MB.
MAX_BYTES: Final = 256 * 2**20
_MAX_LINE = 64 * 1024
_LEFT_BEHIND_S = 3600
_NEVER_KEPT = re.compile("[\0\ud800-\udfff]")
# What the writer derives from another field is not kept: a file cannot say something else.
_DEVICE_KEYS = frozenset(field.name for field in fields(Device)) - {"os"}
_INTERFACE_KEYS = frozenset(field.name for field in fields(Interface)) | {"device"}


class SnapshotError(Exception):
    """The file cannot be used; the text says why, without its name."""


class NoSnapshot(SnapshotError):  # noqa: N818  (nothing was kept so far: no error of anybody's)
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which pagoda, read through which mapping: the devices of another one are strangers."""

    pagoda: str
    mapping: DeviceMapping

    @classmethod
    def of(cls, url: str, mapping: DeviceMapping) -> Origin:
        """`url` as settings and inventory files spell it."""
        return cls(url.strip().rstrip("/"), mapping)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was listed at `read_at` (seconds since the epoch); interfaces by the pagoda id of their device."""

    read_at: float
    devices: Sequence[Device]
    interfaces: Mapping[int, Sequence[Interface]]

    def age_s(self, now: float) -> float:
        """Seconds since it was read; 0 for a file from the future (a clock that was set back)."""
        return max(0.0, now - self.read_at)


def save(path: Path, snapshot: Snapshot, origin: Origin) -> None:
    """Replace the file at `path`, which is whole and readable by its owner alone at any moment.

    Raises:
        OSError: it cannot be written; what was there stays.
        SnapshotError: it would be larger than `load()` accepts.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    with atomic.replacing(path) as file:
        _write(file, _records(snapshot, origin))


def check(path: Path, origin: Origin | None) -> None:
    """Raise what `load()` would raise at the header: a cheap look at whether the file can be used at all."""
    with _opened(path) as file:
        _header(_lines(file), origin)


def load(path: Path, origin: Origin | None, *, with_interfaces: bool = True) -> Snapshot:
    """What was kept of this origin (None: of any).

    Raises:
        SnapshotError: it is not there, unreadable, of another origin or version, damaged, or was never FANNEL's.
    """
    with _opened(path) as file:
        lines = _lines(file)
        header = _header(lines, origin)
        devices = [_device(_next(lines)) for _ in range(_count(header, "devices"))]
        interfaces: dict[int, list[Interface]] = {}
        if with_interfaces:
            for _ in range(_count(header, "interfaces")):
                owner, interface = _interface(_next(lines))
                interfaces.setdefault(owner, []).append(interface)
            if next(lines, None) is not None:
                raise SnapshotError("it is longer than it says")
    read_at = header.get("read_at")
    if not isinstance(read_at, float) or not math.isfinite(read_at):
        raise SnapshotError("it does not say when it was read")
    return Snapshot(read_at, devices, interfaces)


def devices_to_json(devices: Iterable[Device]) -> list[dict[str, Any]]:
    """Devices as JSON, for whoever keeps them elsewhere."""
    return [_present(device, _DEVICE_KEYS) for device in devices]


def devices_from_json(kept: object) -> list[Device] | None:
    """The devices that `devices_to_json` wrote; None for anything else, damaged or of another release."""
    if not isinstance(kept, list):
        return None
    try:
        return [_device(record) for record in kept if isinstance(record, dict)]
    except SnapshotError:
        return None


# --- writing ----------------------------------------------------------------------------------------------------


def _records(snapshot: Snapshot, origin: Origin) -> Iterator[dict[str, Any]]:
    yield {
        "schema": SCHEMA,
        "pagoda": origin.pagoda,
        "mapping": asdict(origin.mapping),
        "read_at": snapshot.read_at,
        "devices": len(snapshot.devices),
        "interfaces": sum(map(len, snapshot.interfaces.values())),
    }
    for device in snapshot.devices:
        yield _present(device, _DEVICE_KEYS)
    for device_id, some in snapshot.interfaces.items():
        for interface in some:
            yield {"device": device_id, **_present(interface, _INTERFACE_KEYS - {"device"})}


def _present(record: Device | Interface, keys: Iterable[str]) -> dict[str, Any]:
    return {key: value for key in keys if (value := getattr(record, key)) is not None}


def _write(file: BinaryIO, records: Iterable[dict[str, Any]]) -> None:
    size = 0
    for record in records:
        line = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        size += len(line)
        if size > MAX_BYTES:
            raise SnapshotError(f"it would be larger than {MAX_BYTES // 2**20} MB")
        file.write(line)


def _sweep(path: Path) -> None:
    """Remove what a process that was killed while writing has left behind."""
    for left in path.parent.glob(f"{atomic.temporary_prefix(path)}*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND_S:
                left.unlink()


# --- reading ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        # A named pipe in its place must not hold anybody up.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SnapshotError("it is not a regular file")
            if status.st_size > MAX_BYTES:
                raise SnapshotError(f"it is larger than {MAX_BYTES // 2**20} MB")
            yield file
    except FileNotFoundError:
        raise NoSnapshot("there is no such file") from None
    except OSError as error:
        raise SnapshotError(f"it cannot be read: {error.strerror}") from None


def _lines(file: BinaryIO) -> Iterator[dict[str, Any]]:
    while line := file.readline(_MAX_LINE):
        if not line.endswith(b"\n"):
            raise SnapshotError("it ends in the middle, or was never FANNEL's")
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise SnapshotError("it is damaged, or was never FANNEL's")
        yield record


def _next(lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    try:
        return next(lines)
    except StopIteration:
        raise SnapshotError("it is shorter than it says") from None


def _header(lines: Iterator[dict[str, Any]], origin: Origin | None) -> dict[str, Any]:
    header = _next(lines)
    if header.get("schema") != SCHEMA:
        raise SnapshotError(f"it is not {SCHEMA}")
    if origin is not None and header.get("pagoda") != origin.pagoda:
        raise SnapshotError("it is of another pagoda")
    if origin is not None and header.get("mapping") != asdict(origin.mapping):
        raise SnapshotError("it was read through another mapping")
    return header


def _count(header: dict[str, Any], key: str) -> int:
    count = header.get(key)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise SnapshotError(f"it does not say how many {key} it has")
    return count


def _device(record: dict[str, Any]) -> Device:
    addresses, management_ip = record.get("addresses"), record.get("management_ip")
    if not isinstance(addresses, list) or len(addresses) > MAX_ADDRESSES or not all(map(_is_address, addresses)):
        raise SnapshotError("a device's addresses are not addresses")
    if not record.keys() <= _DEVICE_KEYS or management_ip not in [None, *addresses]:
        raise SnapshotError("a device is not what a device looks like")
    texts = {key: _text(record, key, MAX_NAME) for key in ("platform", "network_os", "site", "role", "status")}
    return Device(
        name=_name(record),
        pagoda_id=_integer(record, "pagoda_id"),
        addresses=tuple(addresses),
        management_ip=management_ip,
        os=os_name(texts["network_os"]),
        **texts,
    )


def _interface(record: dict[str, Any]) -> tuple[int, Interface]:
    if not record.keys() <= _INTERFACE_KEYS:
        raise SnapshotError("an interface is not what an interface looks like")
    return _integer(record, "device"), Interface(
        name=_name(record),
        ifindex=_integer(record, "ifindex") if "ifindex" in record else None,
        description=_text(record, "description", MAX_TEXT),
        peer=_text(record, "peer", 2 * MAX_NAME + 1),
        circuit=_text(record, "circuit", MAX_NAME),
    )


def _is_address(value: object) -> bool:
    return isinstance(value, str) and address(value) == value


def _integer(record: dict[str, Any], key: str) -> int:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SnapshotError(f"a {key} is not a number")
    return value


def _name(record: dict[str, Any]) -> str:
    if (name := _text(record, "name", MAX_NAME)) is None:
        raise SnapshotError("something in it has no name")
    return name


def _text(record: dict[str, Any], key: str, limit: int) -> str | None:
    """A text as the reader leaves it: within its limit, without NUL and halves of surrogate pairs."""
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > limit or _NEVER_KEPT.search(value):
        raise SnapshotError(f"a {key} is not a text of at most {limit} characters")
    return value
