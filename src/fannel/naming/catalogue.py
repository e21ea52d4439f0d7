"""The catalogue: OIDs to names, for a whole notification at once.

`Catalogue.load()` reads the shipped modules (`data/`) and any directories of a site's own; `name()` takes a decoded
message and returns it as a `Notification`. What no module knows keeps its dotted OID; nothing is lost.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from fannel.naming.index import IndexPart, Indices, split
from fannel.naming.module import CatalogueError, Node, read_module
from fannel.naming.octets import ADDRESS_TYPES
from fannel.naming.render import Value, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from fannel.wire.snmp import Message, WireVarBind

# A community is a password: a proxy puts it into a varbind (RFC 3584 §3.1), and from here on it is a star.
_SECRET_OIDS: Final = frozenset({"1.3.6.1.6.3.18.1.4"})
_HIDDEN: Final = "***"
_MAX_AUGMENTS: Final = 8
# As many as the decoder keeps dotted forms of: devices speak of the same few thousand instances all day.
_PLACES: Final = 4096


@dataclass(frozen=True, slots=True)
class VarBind:
    """One (OID, value) of a notification, as sent and as named.

    `raw` is what was on the wire; `value` is what a person reads: enumerations by label, octets as text where they
    are text, OIDs by name, everything else as `raw`. `name` is the object's (`ifAdminStatus`), `instance` the rest
    of the OID, dotted, and `indices` that rest as the table's INDEX splits it. An OID no module knows keeps its
    dotted form as `name`.
    """

    oid: str
    raw: int | bytes | str | None
    name: str
    instance: str
    value: Value
    indices: Indices = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """A named notification: its OID, its name (`IF-MIB::linkDown`, or the OID again) and its varbinds in order."""

    oid: str
    name: str
    varbinds: tuple[VarBind, ...]

    def get(self, name: str) -> VarBind | None:
        """The first varbind of that name, by the object's bare name or, for one nobody knows, its dotted OID."""
        return next((varbind for varbind in self.varbinds if varbind.name == name), None)

    def values(self) -> dict[str, Value]:
        """Every varbind's value by its name; a name that comes again keeps its instance (`ifIndex.4`)."""
        values: dict[str, Value] = {}
        for varbind in self.varbinds:
            key = varbind.name if varbind.name not in values else f"{varbind.name}.{varbind.instance}"
            values.setdefault(key, varbind.value)
        return values

    def index(self, name: str) -> int | str | None:
        """The first index of that name among all varbinds: `ifIndex` of `ifDescr.3` is 3."""
        for varbind in self.varbinds:
            for index_name, value in varbind.indices:
                if index_name == name:
                    return value
        return None


def shipped_data() -> list[Traversable]:
    """The data files that come with FANNEL, in order of their names."""
    directory = resources.files("fannel.naming").joinpath("data")
    return sorted((path for path in directory.iterdir() if path.name.endswith(".json")), key=lambda path: path.name)


@functools.cache
def _load(paths: tuple[Path, ...]) -> Catalogue:
    files: list[Traversable] = shipped_data()
    for path in paths:
        if not path.is_dir():
            raise CatalogueError(f"{path}: no such directory of naming data")
        files += sorted(path.glob("*.json"))
    return Catalogue(node for file in files for node in read_module(file))


class Catalogue:
    """All known OIDs. Immutable once built; safe to share."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._by_oid: dict[str, Node] = {}
        self._by_name: dict[str, Node] = {}
        for node in nodes:
            self._by_oid[node.oid] = node
            self._by_name[node.qualified_name] = node
            self._by_name.setdefault(node.name, node)
        self._deepest = max((oid.count(".") for oid in self._by_oid), default=0) + 1
        self._index_parts: dict[str, tuple[IndexPart, ...]] = {}
        self._place = functools.lru_cache(maxsize=_PLACES)(self._find_place)

    @classmethod
    def load(cls, paths: Iterable[Path] = ()) -> Catalogue:
        """The shipped catalogue, with the modules of `paths` (directories) over it: a later module wins.

        Raises:
            CatalogueError: A directory or a file in it cannot be used.
        """
        return _load(tuple(paths))

    def __len__(self) -> int:
        return len(self._by_oid)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._by_oid.values())

    def find(self, name: str) -> Node | None:
        """The node of a name (`ifIndex`, `IF-MIB::ifIndex`) or of a dotted OID."""
        return self._by_name.get(name) or self._by_oid.get(name)

    def similar(self, name: str) -> str | None:
        """The known name that `name` was probably meant to be, written the same way (qualified or bare)."""
        qualified = "::" in name
        names = [known for known in self._by_name if ("::" in known) is qualified]
        return next(iter(difflib.get_close_matches(name, names, n=1)), None)

    def resolve(self, oid: str) -> tuple[Node | None, str]:
        """The longest known prefix of `oid`, and the rest, dotted; (None, oid) if there is none."""
        head = oid
        if oid.count(".") >= self._deepest:
            head = ".".join(oid.split(".", self._deepest)[: self._deepest])
        known = self._by_oid
        while head:
            node = known.get(head)
            if node is not None:
                return node, oid[len(head) + 1 :]
            head = head.rpartition(".")[0]
        return None, oid

    def name_of(self, oid: str) -> str:
        """`oid` as `IF-MIB::ifIndex.3`, or dotted."""
        node, rest = self.resolve(oid)
        if node is None:
            return oid
        return f"{node.qualified_name}.{rest}" if rest else node.qualified_name

    def name(self, message: Message) -> Notification:
        """Name a message's notification and every varbind of it."""
        node = self._by_oid.get(message.trap_oid)
        name = node.qualified_name if node is not None and node.kind == "notification" else message.trap_oid
        sent = message.varbinds
        numbers = {varbind.oid: varbind.value for varbind in sent if isinstance(varbind.value, int)}
        return Notification(message.trap_oid, name, tuple([self._varbind(varbind, numbers) for varbind in sent]))

    def _varbind(self, varbind: WireVarBind, siblings: Mapping[str, int]) -> VarBind:
        oid = varbind.oid
        node, instance, indices = self._place(oid)
        if node is None:
            return VarBind(oid, varbind.value, oid, "", render(varbind, None, self.name_of))
        if node.oid in _SECRET_OIDS:
            return VarBind(oid, None, node.name, instance, _HIDDEN)
        address_type = self._address_type(node, instance, indices, siblings) if node.address_type else None
        value = render(varbind, node.syntax, self.name_of, address_type)
        return VarBind(oid, varbind.value, node.name, instance, value, indices)

    def _find_place(self, oid: str) -> tuple[Node | None, str, Indices]:
        """The object an OID is an instance of, the instance, and that as the INDEX splits it; None for no object."""
        node, instance = self.resolve(oid)
        if node is None or node.kind != "object":
            return None, "", ()
        return node, instance, split(instance, self._parts(node.oid.rpartition(".")[0]))

    def _address_type(self, node: Node, instance: str, indices: Indices, siblings: Mapping[str, int]) -> str | None:
        """The InetAddressType that goes with an InetAddress: an index of the same row, or another varbind."""
        type_node = self._by_name.get(node.address_type or "")
        if type_node is None:
            return None
        for name, value in indices:
            if name == type_node.name:
                return str(value)
        return ADDRESS_TYPES.get(siblings.get(f"{type_node.oid}.{instance}", 0))

    def _parts(self, row_oid: str) -> tuple[IndexPart, ...]:
        """The INDEX of a row; empty if there is no such row, or an object of its INDEX is not known."""
        parts = self._index_parts.get(row_oid)
        if parts is None:
            row = self._by_oid.get(row_oid)
            if row is None or row.kind != "row":
                return ()
            parts = self._index_parts[row_oid] = self._read_index(row)
        return parts

    def _read_index(self, row: Node) -> tuple[IndexPart, ...]:
        for _ in range(_MAX_AUGMENTS):
            if not (row.refers_to and row.refers_to[0].startswith("AUGMENTS ")):
                break
            augmented = self._by_name.get(row.refers_to[0].removeprefix("AUGMENTS "))
            if augmented is None:
                return ()
            row = augmented
        parts: list[IndexPart] = []
        nearest_type: str | None = None
        for reference in row.refers_to:
            name = reference.removeprefix("IMPLIED ")
            node = self._by_name.get(name)
            if node is None or node.syntax is None:
                return ()
            if node.syntax.follows("InetAddressType"):
                nearest_type = node.name
            parts.append(IndexPart(node.name, node.syntax, implied=name != reference, address_type=nearest_type))
        return tuple(parts)
