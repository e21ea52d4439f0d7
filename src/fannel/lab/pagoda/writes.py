"""The stand-in's writing calls: items made, changed, renamed and deleted, webhooks given to a model.

Values are taken as the real API takes them, by the attribute's id; a reference is the id of the item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fannel.lab.pagoda.records import ARRAY, NAMED, OBJECT, STRING, TEXT, WrongData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.lab.pagoda.records import Attribute, Item, Model, Records


class Unacceptable(Exception):  # noqa: N818
    """What makes pagoda answer 400: the error body."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.body = body


def create(records: Records, model: Model, body: Mapping[str, Any]) -> None:
    """Make an item. Raises Unacceptable."""
    name = str(body.get("name") or "")
    if records.named([model.name], name) is not None:
        raise Unacceptable(_at("name", f"specified name({name}) already exists", "AE-220000"))
    values = _values(records, model, body)
    for attribute in model.attributes.values():
        if attribute.mandatory and attribute.name not in values:
            raise Unacceptable(_at(None, f"mandatory attrs id({attribute.id}) is not specified", "AE-113000"))
    _put(records, model, name, values)


def update(records: Records, item: Item, body: Mapping[str, Any]) -> None:
    """Change an item's values, its name, or both. Raises Unacceptable."""
    values = _values(records, item.model, body)
    name = str(body.get("name") or item.name)
    if name != item.name:
        if records.named([item.model.name], name) is not None:
            raise Unacceptable(_at("name", f"specified name({name}) already exists", "AE-220000"))
        records.rename(item.model.name, item.name, name)
        if not values:
            return
    # A change to the same value is a change to pagoda.
    _put(records, item.model, name, values)


def _put(records: Records, model: Model, name: str, values: Mapping[str, Any]) -> None:
    try:
        records.put(model.name, name, values)
    except WrongData as error:
        raise Unacceptable(_at(None, str(error), "AE-121000")) from None


def _values(records: Records, model: Model, body: Mapping[str, Any]) -> dict[str, Any]:
    by_id = {attribute.id: attribute for attribute in model.attributes.values()}
    values: dict[str, Any] = {}
    for given in body.get("attrs") or ():
        attribute = by_id.get(given.get("id"))
        if attribute is None:
            raise Unacceptable(_at(None, f"attrs id({given.get('id')}) does not exist", "AE-230000"))
        values[attribute.name] = _value(records, attribute, given.get("value"))
    return values


def _value(records: Records, attribute: Attribute, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
    if attribute.type in {STRING, TEXT} and not isinstance(value, str):
        raise Unacceptable(_at(None, f"attrs id({attribute.id}) - value({value}) is not str", "AE-121000"))
    if attribute.type & ARRAY and isinstance(value, list):
        return [_one(records, attribute.type & ~ARRAY, one) for one in value]
    return _one(records, attribute.type, value)


def _one(records: Records, kind: int, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
    if kind & OBJECT and isinstance(value, int):
        item = records.items.get(value)
        return None if item is None else item.name
    if kind & NAMED and isinstance(value, dict):
        item = records.items.get(value.get("id") or 0)
        return {"name": value.get("name"), "item": None if item is None else item.name}
    return value


def _at(field: str | None, message: str, code: str) -> dict[str, Any]:
    return {field or "non_field_errors": [{"message": message, "code": code}]}
