"""Following pagoda's changes between two whole lists: which items moved, and what they are now.

A model's items come newest change first; what was seen before is known by id and time. The watermark is pagoda's own
clock, and every poll looks back past it, because a transaction may end after a later one. What a poll cannot tell
(more changes than it reads, a late one behind a page of known ones, a name no search can ask for, items that others
refer to) is left to the next whole list.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from fannel.directory.errors import Unsearchable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.directory.client import Model, PagodaClient, Touched
    from fannel.directory.directory import Device, Interface
    from fannel.directory.reader import Reader

OVERLAP: Final = timedelta(seconds=60)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
# Beyond 300 changes of a model since the last look, reading the list again is cheaper.
MOST_PAGES: Final = 10
MOST_REMEMBERED: Final = 10_000


class TooMuchChanged(Exception):  # noqa: N818  (no failure: the whole list is to be read)
    """More has changed than it is worth asking for one by one."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of items since the last look: devices as they are now, ids that are gone.

    `interfaces` are all of each device that is named, by its pagoda id.
    """

    devices: tuple[Device, ...] = ()
    gone: frozenset[int] = frozenset()
    interfaces: dict[int, list[Interface]] | None = None

    def __bool__(self) -> bool:
        return bool(self.devices or self.gone or self.interfaces)


class Watched:
    """One model's changes. `look()` gives each once; the first look gives none and sets the mark."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._mark: datetime | None = None
        # Nothing older is news: what was there at the first look beyond the pages it read.
        self._floor = _EARLIEST
        self._seen: OrderedDict[tuple[int, datetime], None] = OrderedDict()

    def look(self, client: PagodaClient) -> list[Touched]:
        """What was touched since the last look, up to the first page without news.

        Raises PagodaError, TooMuchChanged.
        """
        first = self._mark is None
        since = self._floor if self._mark is None else max(self._mark - OVERLAP, self._floor)
        news: dict[tuple[int, datetime], Touched] = {}
        for number in range(1, MOST_PAGES + 1):
            page = client.touched(self.model, number)
            dated = {(t.id, t.updated_at): t for t in page if t.updated_at is not None and t.updated_at >= since}
            found = {key: touched for key, touched in dated.items() if key not in self._seen}
            news |= found
            if first and found:
                self._mark = self._mark or max(at for _, at in found)
                since = self._mark - OVERLAP
            if not found or len(dated) < len(page):
                break
        else:
            if not first:
                raise TooMuchChanged(f"at least {len(news)} items of {self.model.name} changed")
            self._floor = min(at for _, at in news)
        self._remember(news)
        return [] if first else list(news.values())

    def restart(self, client: PagodaClient) -> None:
        """Begin anew from what is newest: a whole list is about to be read."""
        self._mark, self._floor = None, _EARLIEST
        self._seen.clear()
        self.look(client)

    def _remember(self, news: Iterable[tuple[int, datetime]]) -> None:
        for key in sorted(news, key=lambda key: key[1]):
            self._seen[key] = None
            self._mark = max(self._mark or key[1], key[1])
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)


class Follower:
    """Turns touched items of the mapped models into Changes. For one thread. Raises PagodaError, TooMuchChanged."""

    def __init__(self, client: PagodaClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader
        self._devices: Watched | None = None
        self._interfaces: Watched | None = None

    def mark(self) -> None:
        """Remember where pagoda's changes stand; call it before a whole list is read."""
        device_model, interface_model = self._reader.models()
        self._devices = self._watch(self._devices, device_model)
        self._interfaces = None if interface_model is None else self._watch(self._interfaces, interface_model)
        for watched in filter(None, (self._devices, self._interfaces)):
            try:
                watched.look(self._client)
            except TooMuchChanged:
                watched.restart(self._client)

    def look(self, hints: Iterable[int] = ()) -> Changes:
        """What changed since the last look, and what became of the items of these ids."""
        devices, interfaces = self._touched(self._devices), self._touched(self._interfaces)
        for item_id in hints:
            touched = self._client.identify(item_id)
            if touched is None or self._devices is None:
                continue
            if touched.model_id == self._devices.model.id:
                devices[touched.id] = touched
            elif self._interfaces is not None and touched.model_id == self._interfaces.model.id:
                interfaces[touched.id] = touched
        return self._read(devices, interfaces)

    def _read(self, devices: dict[int, Touched], interfaces: dict[int, Touched]) -> Changes:
        gone = frozenset(touched.id for touched in devices.values() if not touched.active)
        names = [touched.name for touched in devices.values() if touched.active]
        try:
            found = self._reader.devices(names=names) if names else []
            owners = {device.pagoda_id: device for device in found}
            if interfaces:
                owners |= self._owners(interfaces)
            ports = {
                pagoda_id: self._reader.interfaces(device).get(pagoda_id, []) for pagoda_id, device in owners.items()
            }
        except Unsearchable as error:
            raise TooMuchChanged(str(error)) from None
        return Changes(tuple(owners.values()), gone, ports)

    def _owners(self, interfaces: dict[int, Touched]) -> dict[int, Device]:
        """The devices of touched interfaces. Whose a deleted one was, nobody says: the next whole list drops it."""
        names = self._reader.owners_of(touched.name for touched in interfaces.values() if touched.active)
        return {device.pagoda_id: device for device in self._reader.devices(names=names)} if names else {}

    def _touched(self, watched: Watched | None) -> dict[int, Touched]:
        return {} if watched is None else {touched.id: touched for touched in watched.look(self._client)}

    @staticmethod
    def _watch(known: Watched | None, model: Model) -> Watched:
        return known if known is not None and known.model.id == model.id else Watched(model)
