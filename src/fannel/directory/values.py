"""pagoda's value shapes (API v2) as Python values.

An attribute arrives as `{"type", "is_readable", "value": {"as_<shape>": …}}`; search and retrieve differ in how they
say "empty". Here: an empty or absent text, number, choice or reference is None, an empty array is `()`, and a value
the account may not read is `UNREADABLE`, which means *unknown*, not empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Unreadable(Enum):
    UNREADABLE = "unreadable"

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = _Unreadable.UNREADABLE
Unreadable: TypeAlias = Literal[_Unreadable.UNREADABLE]


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an item, a group or a role."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class NamedRef:
    """A reference under a name of its own; either part may be missing. `flag` exists in one array type only."""

    name: str
    ref: Ref | None
    flag: bool | None = None


Scalar: TypeAlias = str | int | float | bool | Ref | NamedRef | None
Value: TypeAlias = Scalar | tuple[Scalar, ...] | Unreadable


def read_value(attribute: object) -> Value:
    """The value of one attribute of a search row or a retrieved item; None for whatever it does not recognise."""
    if not isinstance(attribute, dict):
        return None
    if attribute.get("is_readable") is False:
        return UNREADABLE
    shapes = attribute.get("value")
    if not isinstance(shapes, dict):
        return None
    for shape in shapes:  # one, as a rule
        if shape in _SHAPES:
            return _SHAPES[shape](shapes[shape])
    return None


def read_attributes(attrs: object) -> dict[str, Value]:
    """All attributes by name: a search row keeps them in an object, a retrieved item in a list."""
    if isinstance(attrs, dict):
        return {str(name): read_value(attribute) for name, attribute in attrs.items()}
    if isinstance(attrs, list):
        named = ((a.get("schema"), a) for a in attrs if isinstance(a, dict))
        return {str(schema.get("name")): read_value(a) for schema, a in named if isinstance(schema, dict)}
    return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # ifIndex 3 may be kept as 3.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _label(value: object) -> str | None:
    return _text(value.get("label")) if isinstance(value, dict) else None


def _ref(value: object) -> Ref | None:
    if not isinstance(value, dict):
        return None
    item_id, name = value.get("id"), value.get("name")
    if isinstance(item_id, bool) or not isinstance(item_id, int) or not isinstance(name, str):
        return None
    return Ref(item_id, name)


def _named_ref(value: object) -> NamedRef | None:
    if not isinstance(value, dict):
        return None
    name, target = _text(value.get("name")) or "", value.get("object")
    ref = _ref(target)
    if not name and ref is None:
        return None
    # Search puts the flag inside the object, retrieve beside it.
    inner: Mapping[str, Any] = target if isinstance(target, dict) else {}
    return NamedRef(name, ref, _boolean(value.get("boolean", inner.get("boolean"))))


def _array(read: Callable[[object], Scalar]) -> Callable[[object], tuple[Scalar, ...]]:
    def read_all(value: object) -> tuple[Scalar, ...]:
        items = value if isinstance(value, list) else []
        return tuple(item for item in map(read, items) if item is not None)

    return read_all


_SHAPES: Final[dict[str, Callable[[object], Scalar | tuple[Scalar, ...]]]] = {
    "as_string": _text,
    "as_number": _number,
    "as_boolean": _boolean,
    "as_select": _label,
    "as_object": _ref,
    "as_named_object": _named_ref,
    "as_group": _ref,
    "as_role": _ref,
    "as_array_string": _array(_text),
    "as_array_number": _array(_number),
    "as_array_object": _array(_ref),
    "as_array_named_object": _array(_named_ref),
    "as_array_group": _array(_ref),
    "as_array_role": _array(_ref),
    "as_multi_select": _array(_label),
}
