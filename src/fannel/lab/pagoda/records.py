"""What the stand-in pagoda holds: models, attributes and items, loaded from YAML, with pagoda's own numbering.

Two YAML forms: the lab network (`sites`, `platforms`, `devices`, see network.yml) and the general one, possibly as
several documents:

    models: {Site: {code: string}, Router: {role: {type: select, choices: [core]}, site: {type: object, to: Site}}}
    items: {Site: {Tokyo: {code: TYO1}}, Router: {rt01: {role: core, site: Tokyo}}}
    groups: {noc: 1}
    roles: {operator: 1}
    deleted: {Router: [rt00]}

References are written as the name of the item referred to, named references as `{name: …, item: …}`.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

OBJECT, STRING, TEXT, BOOLEAN, GROUP, DATE, ROLE, DATETIME, NUMBER, SELECT, ARRAY, NAMED = (1 << i for i in range(12))
TYPES = {
    "object": OBJECT,
    "string": STRING,
    "text": TEXT,
    "boolean": BOOLEAN,
    "group": GROUP,
    "date": DATE,
    "role": ROLE,
    "datetime": DATETIME,
    "number": NUMBER,
    "select": SELECT,
    "named_object": NAMED | OBJECT,
    "array_string": ARRAY | STRING,
    "array_number": ARRAY | NUMBER,
    "array_object": ARRAY | OBJECT,
    "array_named_object": ARRAY | NAMED | OBJECT,
    "array_named_object_boolean": ARRAY | NAMED | OBJECT | BOOLEAN,
    "array_group": ARRAY | GROUP,
    "array_role": ARRAY | ROLE,
    "multi_select": ARRAY | SELECT,
}
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a model. `choices` are label → opaque value; `to` names the models it may refer to."""

    id: int
    name: str
    type: int
    index: int
    mandatory: bool = False
    to: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None


@dataclass(slots=True)
class Model:
    """A model and its attributes in order."""

    id: int
    name: str
    attributes: dict[str, Attribute] = field(default_factory=dict)


@dataclass(slots=True)
class Item:
    """An item; `values` has a key for every attribute the model had when the item was made, None if unset."""

    id: int
    name: str
    model: Model
    values: dict[str, Any]
    updated: datetime
    active: bool = True


class WrongData(ValueError):  # noqa: N818
    """The YAML says something that no pagoda could hold; the text names it."""


class Records:
    """Everything the stand-in knows. Changes and readers hold `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.models: dict[str, Model] = {}
        self.items: dict[int, Item] = {}
        self.groups: dict[str, int] = {}
        self.roles: dict[str, int] = {}
        # Told of every change: "create", "update" or "delete", and the item.
        self.on_change: Callable[[str, Item], None] = lambda _event, _item: None
        self._by_name: dict[tuple[str, str], Item] = {}
        self._of_model: dict[str, list[Item]] = {}
        self._last_id = 0
        self._changes = 0

    @classmethod
    def from_yaml(cls, text: str | None = None) -> Records:
        """The records of a YAML text; of the lab network without one."""
        if text is None:
            text = resources.files("fannel.lab").joinpath("network.yml").read_text(encoding="utf-8")
        records = cls()
        for document in _documents(text):
            records.add(document)
        return records

    def add(self, document: Mapping[str, Any]) -> None:
        """Models first, then items, then deletions. A model that exists gains the attributes it lacks."""
        with self.lock:
            self.groups.update(document.get("groups") or {})
            self.roles.update(document.get("roles") or {})
            for name, attributes in (document.get("models") or {}).items():
                self._add_model(name, attributes)
            for model, items in (document.get("items") or {}).items():
                for name, values in (items or {}).items():
                    self.put(model, name, values or {})
            for model, names in (document.get("deleted") or {}).items():
                for name in names:
                    self.delete(model, name)

    def put(self, model_name: str, name: str, values: Mapping[str, Any]) -> Item:
        """Create an item, or change the attributes given of one that exists. Raises WrongData."""
        with self.lock:
            model = self._checked(model_name, name, values)
            item = self._by_name.get((model_name, name))
            event = "update"
            if item is None:
                event = "create"
                item = Item(self._next_id(1 + len(model.attributes)), name, model, {}, _EPOCH)
                self.items[item.id] = item
                self._by_name[model_name, name] = item
                self._of_model.setdefault(model_name, []).append(item)
            for attribute in model.attributes:
                item.values.setdefault(attribute, None)
            news = event == "create" or any(item.values[name] != value for name, value in values.items())
            item.values.update(values)
            item.updated = self._tick()
            if news:  # the same value again moves `updated` alone
                self.on_change(event, item)
            return item

    def rename(self, model_name: str, name: str, to: str) -> None:
        """Give an item another name."""
        with self.lock:
            item = self._by_name[model_name, to] = self._by_name.pop((model_name, name))
            item.name = to
            item.updated = self._tick()
            self.on_change("update", item)

    def delete(self, model_name: str, name: str) -> None:
        """Delete an item as pagoda does: it stays, inactive, under a suffixed name."""
        with self.lock:
            item = self._by_name.pop((model_name, name))
            item.active = False
            item.updated = self._tick()
            item.name = f"{name}_deleted_{item.updated:%Y%m%d_%H%M%S}"
            self.on_change("delete", item)

    def named(self, models: Iterable[str], name: object) -> Item | None:
        """The item of that name in the first of these models that has one."""
        return next((i for m in models if (i := self._by_name.get((m, str(name)))) is not None), None)

    def active(self, model: Model) -> list[Item]:
        """The items of a model that are not deleted, by name."""
        return sorted(self.each(model), key=lambda item: item.name)

    def each(self, model: Model) -> Iterator[Item]:
        """The same in no order: sorting 10,000 for one of them is what takes the time."""
        return (item for item in self._of_model.get(model.name, ()) if item.active)

    def model_by_id(self, model_id: int) -> Model | None:
        """The model of that id."""
        return next((model for model in self.models.values() if model.id == model_id), None)

    def _checked(self, model_name: str, name: str, values: Mapping[str, Any]) -> Model:
        model = self.models.get(model_name)
        if model is None:
            raise WrongData(f"{name}: no model {model_name}; there are: {', '.join(self.models)}")
        for attribute, value in values.items():
            known = model.attributes.get(attribute)
            if known is None:
                raise WrongData(f"{name}: {model_name} has no {attribute}; it has: {', '.join(model.attributes)}")
            if known.choices is not None:
                for label in value if isinstance(value, list) else [value]:
                    if label is not None and label not in known.choices:
                        raise WrongData(f"{name}: {attribute} cannot be {label}; only: {', '.join(known.choices)}")
        return model

    def _add_model(self, name: str, attributes: Mapping[str, Any]) -> None:
        model = self.models.get(name)
        if model is None:
            model = self.models[name] = Model(self._next_id(), name)
        for attribute, given in attributes.items():
            spec = given if isinstance(given, dict) else {"type": given}
            to = spec.get("to") or ()
            model.attributes[attribute] = Attribute(
                id=self._next_id(),
                name=attribute,
                type=_type(name, attribute, spec.get("type")),
                index=len(model.attributes),
                mandatory=bool(spec.get("mandatory")),
                to=(to,) if isinstance(to, str) else tuple(to),
                choices=_choices(spec.get("choices")),
            )

    def _next_id(self, width: int = 1) -> int:
        """Models, attributes, items and the attributes of items share one sequence."""
        first = self._last_id + 1
        self._last_id += width
        return first

    def _tick(self) -> datetime:
        self._changes += 1
        return _EPOCH + timedelta(seconds=self._changes)


@functools.lru_cache(maxsize=4)
def _documents(text: str) -> tuple[Mapping[str, Any], ...]:
    """The documents of a YAML text in the general form; only read, so tests that start many stand-ins share them."""
    loaded = yaml.safe_load_all(text)
    return tuple(from_network(document) if "devices" in document else document for document in loaded)


def from_network(network: Mapping[str, Any]) -> dict[str, Any]:
    """The lab network (network.yml) in the general form, under the names of FANNEL's assumed model."""
    devices: dict[str, Any] = network.get("devices") or {}
    roles = dict.fromkeys(d["role"] for d in devices.values() if "role" in d)
    interfaces: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    for name, given in devices.items():
        device = {"status": "active", **given}
        ports = device.pop("interfaces", None) or {}
        rows[name] = device
        for port, facts in ports.items():
            row = {"device": name, "if_name": port, **facts}
            if peer := row.get("peer"):
                row["peer"] = {"name": peer["interface"], "item": peer["device"]}
            interfaces[f"{name}:{port}"] = row
    return {
        "models": {
            "Site": {"code": "string", "region": "string"},
            "Platform": {"ansible_network_os": {"type": "string", "mandatory": True}, "vendor": "string"},
            "NetworkDevice": {
                "management_ip": {"type": "string", "mandatory": True},
                "snmp_source_addresses": "array_string",
                "platform": {"type": "object", "to": "Platform"},
                "site": {"type": "object", "to": "Site"},
                "role": {"type": "select", "choices": list(roles)},
                "status": {"type": "select", "choices": ["active", "maintenance", "planned", "decommissioned"]},
            },
            "Interface": {
                "device": {"type": "object", "to": "NetworkDevice", "mandatory": True},
                "if_name": {"type": "string", "mandatory": True},
                "if_index": "number",
                "description": "string",
                "peer": {"type": "named_object", "to": "NetworkDevice"},
                "circuit_id": "string",
            },
        },
        "items": {
            "Site": network.get("sites") or {},
            "Platform": network.get("platforms") or {},
            "NetworkDevice": rows,
            "Interface": interfaces,
        },
    }


def _type(model: str, attribute: str, name: object) -> int:
    try:
        return TYPES[str(name)]
    except KeyError:
        raise WrongData(f"{model}.{attribute}: no type {name}; there are: {', '.join(TYPES)}") from None


def _choices(given: object) -> dict[str, str] | None:
    if isinstance(given, dict):
        return {str(label): str(value) for label, value in given.items()}
    if isinstance(given, list):
        return {str(label): hashlib.md5(str(label).encode(), usedforsecurity=False).hexdigest() for label in given}
    return None
