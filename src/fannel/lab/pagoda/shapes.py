"""How pagoda writes a value: the shapes of search and of retrieve, which differ for what is empty."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fannel.lab.pagoda.records import ARRAY, BOOLEAN, DATE, DATETIME, GROUP, NAMED, NUMBER, OBJECT, ROLE, SELECT

if TYPE_CHECKING:
    from fannel.lab.pagoda.records import Attribute, Records

NOBODY: dict[str, Any] = {"id": "", "name": ""}


class Shapes:
    """Writes values of one set of records. `retrieve` chooses the other dialect (GET of one item)."""

    def __init__(self, records: Records, *, retrieve: bool = False) -> None:
        self._records = records
        self._retrieve = retrieve

    def value(self, attribute: Attribute, value: object) -> dict[str, Any]:
        """The `value` object of an attribute."""
        kind = attribute.type & ~ARRAY
        if self._retrieve and value is None and attribute.type in {GROUP, ROLE}:
            return {}
        if attribute.type & ARRAY:
            items = value if isinstance(value, list) else []
            return {key(attribute): [self._one(attribute, kind, item) for item in items]}
        return {key(attribute): self._one(attribute, kind, value)}

    def texts(self, attribute: Attribute, value: object) -> list[str]:
        """What a search keyword is compared with; an array has one text per element, an unset value the empty one."""
        items = value if isinstance(value, list) and attribute.type & ARRAY else [value]
        texts = []
        for item in items:
            if item is None:
                texts.append("")
            elif isinstance(item, bool):
                texts.append("true" if item else "false")
            elif attribute.type & NAMED and isinstance(item, dict):
                texts += [str(item.get("name") or ""), str(item.get("item") or "")]
            elif attribute.type & (DATE | DATETIME):
                texts.append(_time(item))
            else:
                texts.append(str(item))
        return texts or [""]

    def _one(self, attribute: Attribute, kind: int, value: object) -> Any:  # noqa: ANN401  (any JSON value)
        if kind & NAMED:
            return self._named(attribute, value)
        if kind == OBJECT:
            return self._reference(attribute, value)
        if kind in {GROUP, ROLE}:
            ids = self._records.groups if kind == GROUP else self._records.roles
            return NOBODY if value is None else {"id": ids[str(value)], "name": value}
        if kind == SELECT:
            return None if value is None else {"value": (attribute.choices or {})[str(value)], "label": value}
        if kind == BOOLEAN:
            return bool(value)
        if kind == NUMBER:
            return value
        if kind in {DATE, DATETIME}:
            text = _time(value)
            return text.replace("+00:00", "Z") if self._retrieve else text
        return "" if value is None else str(value)

    def _reference(self, attribute: Attribute, name: object) -> dict[str, Any] | None:
        target = None if name is None else self._records.named(attribute.to, name)
        if target is None:
            return None if self._retrieve else NOBODY
        out: dict[str, Any] = {"id": target.id, "name": target.name}
        if self._retrieve:
            out["schema"] = {"id": target.model.id, "name": target.model.name}
        return out

    def _named(self, attribute: Attribute, value: object) -> dict[str, Any]:
        given = value if isinstance(value, dict) else {}
        target = self._reference(attribute, given.get("item"))
        out: dict[str, Any] = {"name": given.get("name") or "", "object": target}
        if attribute.type & BOOLEAN:
            flag = bool(given.get("boolean"))
            if self._retrieve:
                out["boolean"] = flag
            elif target is not None:
                out["object"] = {**target, "boolean": flag}
        return out


def key(attribute: Attribute) -> str:
    """The name of an attribute's shape."""
    kind = attribute.type & ~ARRAY
    if kind & NAMED:
        name = "named_object"
    elif kind == SELECT:
        return "as_multi_select" if attribute.type & ARRAY else "as_select"
    else:
        names = {OBJECT: "object", BOOLEAN: "boolean", GROUP: "group", ROLE: "role", NUMBER: "number"}
        name = names.get(kind, "string")
    return f"as_array_{name}" if attribute.type & ARRAY else f"as_{name}"


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
