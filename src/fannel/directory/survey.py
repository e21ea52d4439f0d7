"""What a site's pagoda has of what FANNEL reads: every name of the mapping looked up, every device looked at.

For `fannel pagoda check`: somebody who sets FANNEL up sees at once what is missing, what this account may not read, and
which devices alerts will not find.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from fannel.directory.directory import Directory
from fannel.directory.errors import AttributeMissing, ModelMissing, PagodaError, PagodaFailed, PermissionDenied
from fannel.directory.reader import Reader
from fannel.directory.values import UNREADABLE
from fannel.host_name import is_host_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.directory.client import Item, Model, PagodaClient
    from fannel.directory.directory import Device
    from fannel.directory.mapping import DeviceMapping, InterfaceMapping, Mapping

State = Literal["found", "missing", "unreadable", "unset"]
# So many items are asked for each attribute: an account may read all of it or none.
SAMPLE: Final = 200


@dataclass(frozen=True, slots=True)
class Name:
    """One name of the mapping: what it is for, what the site calls it, and whether it is there.

    `filled` of `sampled` items have a value. "unset": the mapping says that the site keeps no such attribute.
    """

    purpose: str
    called: str | None
    state: State
    filled: int = 0
    sampled: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. `trouble` is why it ended early."""

    url: str
    names: tuple[Name, ...] = ()
    devices: int = 0
    interfaces: int | None = None
    contested: dict[str, tuple[str, ...]] = field(default_factory=dict)
    without_os: tuple[str, ...] = ()
    without_address: tuple[str, ...] = ()
    unusable_names: tuple[str, ...] = ()
    trouble: PagodaError | None = None

    @property
    def hurts(self) -> bool:
        """Whether alerts would be answered worse than they could be."""
        return (
            self.trouble is not None
            or not self.devices
            or any(name.state in ("missing", "unreadable") for name in self.names)
            or bool(self.contested or self.without_os or self.without_address or self.unusable_names)
        )


def survey(client: PagodaClient, mapping: Mapping) -> Survey:
    """Look at everything the mapping names. What goes wrong is in the survey; it raises nothing of pagoda's."""
    names: list[Name] = []
    try:
        devices_readable = _look_at(client, mapping.device, "device", names)
        if mapping.interface is not None:
            _look_at(client, mapping.interface, "interface", names)
        if not devices_readable:
            return Survey(client.url, tuple(names))
        reader = Reader(client, _without_missing(mapping, names))
        devices = reader.devices()
        interfaces = sum(map(len, reader.interfaces().values())) if mapping.interface is not None else None
    except PagodaError as error:
        return Survey(client.url, tuple(names), trouble=error)
    return _judged(client.url, names, devices, interfaces)


def _judged(url: str, names: Iterable[Name], devices: list[Device], interfaces: int | None) -> Survey:
    return Survey(
        url,
        tuple(names),
        len(devices),
        interfaces,
        Directory(devices).ambiguous,
        tuple(device.name for device in devices if device.os is None),
        tuple(device.name for device in devices if not device.addresses),
        tuple(device.name for device in devices if not is_host_name(device.name)),
    )


def _look_at(client: PagodaClient, names_of: DeviceMapping | InterfaceMapping, purpose: str, names: list[Name]) -> bool:
    """Look up a model and its attributes; whether FANNEL can work with it."""
    try:
        model = client.model(names_of.model)
    except (ModelMissing, PermissionDenied) as error:
        state: State = "missing" if isinstance(error, ModelMissing) else "unreadable"
        names.append(Name(f"{purpose} model", names_of.model, state, detail=str(error)))
        raise
    total = client.search(model, (), limit=1).total
    names.append(Name(f"{purpose} model", names_of.model, "found", total, total))
    usable = True
    for key in names_of.__slots__:
        if key == "model":
            continue
        called = getattr(names_of, key)
        name = _name(client, model, f"{purpose} {key}", called)
        names.append(name)
        if name.state in ("missing", "unreadable") and key in ("management_ip", "device", "name"):
            usable = False
    return usable


def _name(client: PagodaClient, model: Model, purpose: str, called: str | None) -> Name:
    if called is None:
        return Name(purpose, None, "unset")
    own, _, joined = called.partition(".")
    try:
        attribute = model.attribute(own)
        if joined:
            _target(client, model, own, joined, attribute.referral)
        items = client.search(model, (called,), limit=SAMPLE).items
    except AttributeMissing as error:
        return Name(purpose, called, "missing", detail=str(error))
    except (PagodaFailed, PermissionDenied) as error:
        # An attribute of the type "named object" that may not be read makes pagoda itself fail (500).
        return Name(purpose, called, "unreadable", detail=str(error))
    return _filled(purpose, called, items)


def _target(client: PagodaClient, model: Model, own: str, joined: str, referral: tuple[int, ...]) -> None:
    if not referral:
        raise AttributeMissing(f'attribute "{own}" of "{model.name}" refers to no model')
    targets = [client.model_by_id(model_id) for model_id in referral]
    if not any(joined in target.attributes for target in targets):
        targets[0].attribute(joined)


def _filled(purpose: str, called: str, items: tuple[Item, ...]) -> Name:
    values = [item.attributes.get(called) for item in items if item.readable]
    hidden = sum(value is UNREADABLE for value in values) + sum(not item.readable for item in items)
    if items and hidden == len(items):
        return Name(purpose, called, "unreadable", 0, len(items), "this account may not read it on any item looked at")
    filled = sum(value is not UNREADABLE and value not in (None, ()) for value in values)
    return Name(purpose, called, "found", filled, len(items), f"{hidden} may not be read" if hidden else "")


def _without_missing(mapping: Mapping, names: Iterable[Name]) -> Mapping:
    """The mapping with what is not there left out, so that the devices can be looked at all the same."""
    lost = {name.purpose for name in names if name.state in ("missing", "unreadable")}
    gone: dict[str, Any] = dict.fromkeys(key for key in mapping.device.__slots__ if f"device {key}" in lost)
    device = replace(mapping.device, **gone)
    interface = mapping.interface
    if interface is not None and {"interface device", "interface name"} & lost:
        interface = None
    elif interface is not None:
        gone = dict.fromkeys(key for key in interface.__slots__ if f"interface {key}" in lost)
        interface = replace(interface, **gone)
    return replace(mapping, device=device, interface=interface)
