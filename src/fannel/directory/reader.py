"""Devices and interfaces out of pagoda's items: the client's answers read through a site's mapping.

Every text is foreign: it is kept as it is, hostile or not, but never longer than its limit.
"""

from __future__ import annotations

import ipaddress
import itertools
from typing import TYPE_CHECKING, Final

from fannel.directory.client import Where, exact_keywords, exactly
from fannel.directory.directory import Device, Interface, address
from fannel.directory.errors import AttributeMissing, AttributeUnreadable, Unsearchable
from fannel.directory.garbage import uncollected
from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping, os_name
from fannel.directory.values import UNREADABLE, NamedRef, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Mapping as Attributes

    from fannel.directory.client import Item, Model, PagodaClient
    from fannel.directory.values import Value

MAX_NAME: Final = 253
MAX_TEXT: Final = 1000
MAX_ADDRESSES: Final = 257
# Two hits on one address are enough to know that it is ambiguous.
_HITS_PER_ADDRESS = 2


class Reader:
    """Reads one pagoda through one mapping. Names become ids at first use; every method raises PagodaError."""

    def __init__(self, client: PagodaClient, mapping: Mapping | None = None) -> None:
        self._client = client
        self._mapping = mapping or Mapping()
        self._models: dict[str, Model] = {}

    def forget(self) -> None:
        """Resolve names again at next use: a model may have been rebuilt, an attribute renamed."""
        self._models = {}

    def devices(self, *, names: Iterable[str] | None = None, statuses: Iterable[str] | None = None) -> list[Device]:
        """All devices, or those of exactly these names, or of these statuses; each once, ordered by name.

        Raises AttributeUnreadable when none of them shows its management address: such a list names nobody.
        """
        model, names_of = self._device_model(), self._mapping.device
        filters = {}
        if statuses is not None:
            if names_of.status is None:
                raise AttributeMissing("devices are wanted by status, but the mapping names no status attribute")
            filters = {names_of.status: exactly(statuses)}
        wheres = [Where(attributes=filters)]
        wanted = None if names is None else set(names)
        if wanted is not None:
            wheres = [Where(attributes=filters, name=keyword) for keyword in exact_keywords(sorted(wanted))]
        items = [item for where in wheres for item in self._client.items(model, names_of.attributes, where=where)]
        if wanted is not None:
            items = [item for item in items if item.name in wanted]
        if items and not any(_readable(item, names_of.management_ip) for item in items):
            msg = f'this account may not read "{names_of.management_ip}" of any of {len(items)} items of "{model.name}"'
            raise AttributeUnreadable(msg)
        with uncollected():
            return [self._device(item) for item in items]

    def devices_at(self, addresses: Sequence[str], *, within_s: float) -> list[Device]:
        """The devices that claim one of these addresses: two searches (one per attribute) for the usual
        one or two addresses, each within `within_s`, never retried.
        """
        model, names_of = self._device_model(), self._mapping.device
        keywords = exact_keywords(spelling for one in addresses for spelling in _spellings(one))
        attributes = [name for name in (names_of.management_ip, names_of.source_addresses) if name is not None]
        found: dict[int, Device] = {}
        for attribute, keyword in itertools.product(attributes, keywords):
            page = self._client.search(
                model,
                names_of.attributes,
                where=Where(attributes={attribute: keyword}),
                limit=_HITS_PER_ADDRESS * len(addresses),
                within_s=within_s,
                retry=False,
            )
            found.update((item.id, self._device(item)) for item in page.items)
        return list(found.values())

    def interfaces(self, device: Device | None = None, *, within_s: float | None = None) -> dict[int, list[Interface]]:
        """Interfaces by the pagoda id of their device: all, or those of one device (one search, never retried)."""
        names_of = self._mapping.interface
        if names_of is None:
            return {}
        model = self._resolved(names_of)
        if device is None:
            items: Iterable[Item] = self._client.items(model, names_of.attributes)
        else:
            try:
                where = Where(attributes={names_of.device: exactly([device.name])})
            except Unsearchable:
                return {}
            items = self._client.search(model, names_of.attributes, where=where, within_s=within_s, retry=False).items
        out: dict[int, list[Interface]] = {}
        for item in items:
            owner = item.attributes.get(names_of.device)
            name = _text(item.attributes.get(names_of.name), MAX_NAME)
            if isinstance(owner, Ref) and name and (device is None or owner.id == device.pagoda_id):
                out.setdefault(owner.id, []).append(self._interface(item, name))
        return out

    def owners_of(self, names: Iterable[str]) -> set[str]:
        """The names of the devices whose interface items have these names. Raises Unsearchable, too."""
        names_of = self._mapping.interface
        if names_of is None:
            return set()
        model = self._resolved(names_of)
        owners: set[str] = set()
        for keyword in exact_keywords(names):
            for item in self._client.items(model, (names_of.device,), where=Where(name=keyword)):
                owner = item.attributes.get(names_of.device)
                if isinstance(owner, Ref):
                    owners.add(owner.name)
        return owners

    def models(self) -> tuple[Model, Model | None]:
        """The models of devices and of interfaces (None: the mapping has none)."""
        names_of = self._mapping.interface
        return self._device_model(), None if names_of is None else self._resolved(names_of)

    def _device_model(self) -> Model:
        return self._resolved(self._mapping.device)

    def _resolved(self, names_of: DeviceMapping | InterfaceMapping) -> Model:
        """The model of a mapping, with every attribute it names found; ModelMissing, AttributeMissing if not."""
        if (model := self._models.get(names_of.model)) is None:
            model = self._client.model(names_of.model)
            self._check(model, names_of.attributes)
            self._models[names_of.model] = model
        return model

    def _check(self, model: Model, names: Iterable[str]) -> None:
        for name in names:
            own, dot, joined = name.partition(".")
            attribute = model.attribute(own)
            if not dot:
                continue
            if not attribute.referral:
                raise AttributeMissing(f'"{name}": attribute "{own}" of "{model.name}" refers to no model')
            targets = [self._client.model_by_id(model_id) for model_id in attribute.referral]
            if not any(joined in target.attributes for target in targets):
                targets[0].attribute(joined)

    def _device(self, item: Item) -> Device:
        names_of, values = self._mapping.device, item.attributes
        management_ip = _address(values.get(names_of.management_ip))
        more = _get(values, names_of.source_addresses)
        others = more if isinstance(more, tuple) else (more,)
        addresses = [management_ip, *(_address(value) for value in others[: MAX_ADDRESSES - 1])]
        network_os = _text(_get(values, names_of.network_os), MAX_NAME)
        return Device(
            name=_cut(item.name, MAX_NAME),
            pagoda_id=item.id,
            addresses=tuple(dict.fromkeys(a for a in addresses if a is not None)),
            management_ip=management_ip,
            os=os_name(network_os),
            platform=_text(_get(values, names_of.platform), MAX_NAME),
            network_os=network_os,
            site=_text(_get(values, names_of.site), MAX_NAME),
            role=_text(_get(values, names_of.role), MAX_NAME),
            status=_text(_get(values, names_of.status), MAX_NAME),
        )

    def _interface(self, item: Item, name: str) -> Interface:
        names_of, values = self._mapping.interface, item.attributes
        assert names_of is not None  # noqa: S101  (narrowing: interfaces() returns early)
        ifindex = _get(values, names_of.ifindex)
        if isinstance(ifindex, str) and ifindex.strip().isdecimal():
            ifindex = int(ifindex)
        return Interface(
            name=name,
            ifindex=ifindex if isinstance(ifindex, int) and not isinstance(ifindex, bool) else None,
            description=_text(_get(values, names_of.description), MAX_TEXT),
            peer=_text(_get(values, names_of.peer), 2 * MAX_NAME + 1),
            circuit=_text(_get(values, names_of.circuit), MAX_NAME),
        )


def _readable(item: Item, attribute: str) -> bool:
    return item.readable and item.attributes.get(attribute) is not UNREADABLE


def _get(values: Attributes[str, Value], name: str | None) -> Value:
    return None if name is None else values.get(name)


def _text(value: Value, limit: int) -> str | None:
    """What a person would call the value: a text, a reference's name, `device interface` for a named reference."""
    match value:
        case str():
            text = value
        case Ref():
            text = value.name
        case NamedRef():
            text = f"{value.ref.name if value.ref else ''} {value.name}".strip()
        case bool() | None:
            return None
        case int() | float():
            text = str(value)
        case _:
            return None
    return _cut(text, limit) if text.strip() else None


def _cut(text: str, limit: int) -> str:
    """`text` within its limit, and without what no database or UTF-8 stream takes (NUL, halves of surrogate pairs)."""
    if len(text) <= limit and text.isascii() and "\0" not in text:
        return text
    text = text[: limit + 1].replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _address(value: Value) -> str | None:
    # Some sites keep 192.0.2.1/24.
    return address(value.partition("/")[0]) if isinstance(value, str) and len(value) <= MAX_NAME else None


def _spellings(normalised: str) -> Iterable[str]:
    """The ways an address may stand in pagoda; case is no matter to its search."""
    yield normalised
    parsed = ipaddress.ip_address(normalised)
    if isinstance(parsed, ipaddress.IPv6Address):
        yield parsed.exploded
    else:
        yield f"::ffff:{normalised}"
