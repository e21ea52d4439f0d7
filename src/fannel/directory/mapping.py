"""What a site's pagoda calls things: which model is the device, which attribute its address.

The defaults fit the model that FANNEL's documentation proposes. A name with a dot is an attribute of the item that the
first part refers to (`platform.ansible_network_os`). `None` says that the site keeps no such attribute; a name that is
given and not found is an error.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.config import Pagoda
    from fannel.config.section import Section

_OS = re.compile(r"[a-z0-9_]{1,64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMapping:
    """Names of the device model and its attributes; the device's own name is the item's name."""

    model: str = "NetworkDevice"
    management_ip: str = "management_ip"
    source_addresses: str | None = "snmp_source_addresses"
    platform: str | None = "platform"
    network_os: str | None = "platform.ansible_network_os"
    site: str | None = "site"
    role: str | None = "role"
    status: str | None = "status"

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attribute names in use, joined ones in dotted form."""
        return _names(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceMapping:
    """Names of the interface model and its attributes; `device` refers to an item of the device model."""

    model: str = "Interface"
    device: str = "device"
    name: str = "if_name"
    ifindex: str | None = "if_index"
    description: str | None = "description"
    peer: str | None = "peer"
    circuit: str | None = "circuit_id"

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attribute names in use, joined ones in dotted form."""
        return _names(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """All of it. Without an interface model (`None`) events carry only what the device itself says of a port."""

    device: DeviceMapping = DeviceMapping()
    interface: InterfaceMapping | None = InterfaceMapping()


def mapping_of(names: Pagoda) -> Mapping:
    """The mapping that the settings `[pagoda.device]` and `[pagoda.interface]` spell, over the defaults."""
    device = DeviceMapping(**_given(names.device))
    if names.interface.model_fields_set & {"model"} and not names.interface.model:
        return Mapping(device=device, interface=None)
    return Mapping(device=device, interface=InterfaceMapping(**_given(names.interface)))


def names_in_file(path: Path) -> dict[str, str | None]:
    """What `[pagoda.device]` of a settings file says, for who has no use for the other settings (the inventory plugin).

    Raises:
        ValueError: the file cannot be read as settings.
    """
    import tomllib  # noqa: PLC0415  (most inventories have no such file)

    try:
        section: object = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    for name in ("pagoda", "device"):
        section = section.get(name, {}) if isinstance(section, dict) else {}
    if not isinstance(section, dict) or not all(isinstance(called, str) for called in section.values()):
        raise ValueError(f"{path}: pagoda.device must be a table of names")
    return {name: called or None for name, called in section.items()}


def _given(section: Section) -> dict[str, Any]:
    """What somebody wrote. An empty text says, as TOML has no null, that there is no such attribute."""
    return {key: getattr(section, key) or None for key in section.model_fields_set}


def _names(mapping: DeviceMapping | InterfaceMapping) -> tuple[str, ...]:
    values = (getattr(mapping, f.name) for f in fields(mapping) if f.name != "model")
    return tuple(dict.fromkeys(value for value in values if value is not None))


# A site has a handful of them, and every device names one.
@functools.lru_cache(maxsize=1024)
def os_name(network_os: str | None) -> str | None:
    """FANNEL's word for an OS, out of Ansible's: the last part of `cisco.iosxr.iosxr` is `iosxr`.

    None when there is none, or when it could not be the name of a folder of checks.
    """
    if not network_os:
        return None
    last = network_os.strip().rpartition(".")[2].lower()
    return last if _OS.match(last) else None
