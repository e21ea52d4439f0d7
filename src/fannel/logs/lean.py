"""What a log line may hold: nothing long, no octets, nothing a terminal would obey. No payload gets through.

Pure; the shapes of the containers stay, what is in them is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

LONGEST_VALUE = 500
# A traceback quotes our own source; its end says most.
LONGEST_TRACEBACK = 6000
_MOST_ITEMS = 50
_DEEPEST = 3
# What TimeStamper and add_log_level put there.
_OURS = frozenset({"timestamp", "level"})


def lean(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; goes behind ExceptionRenderer."""
    for key, value in event.items():
        if key == "exception" and isinstance(value, str):
            event[key] = _printable(_cut_front(value), keep="\n")
        elif key not in _OURS:
            event[key] = _lean(value, 0)
    return event


def _lean(value: object, depth: int) -> object:
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if value.bit_length() < 128 else f"<an integer of {value.bit_length()} bits>"
        case str():
            return _printable(_cut(value))
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} octets>"
        case dict() if depth < _DEEPEST:
            found = {str(key): _lean(one, depth + 1) for key, one in list(value.items())[:_MOST_ITEMS]}
            return found if len(value) <= _MOST_ITEMS else {**found, "…": len(value) - _MOST_ITEMS}
        case list() | tuple() if depth < _DEEPEST:
            items = [_lean(one, depth + 1) for one in value[:_MOST_ITEMS]]
            return items if len(value) <= _MOST_ITEMS else [*items, f"… {len(value) - _MOST_ITEMS} more"]
        case dict() | list() | tuple() | set() | frozenset():
            return f"<{len(value)} items>"
    try:
        return _printable(_cut(str(value)))
    except Exception as error:  # noqa: BLE001  (whatever it is, it must not keep the line from being written)
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


def _cut_front(text: str) -> str:
    return text if len(text) <= LONGEST_TRACEBACK else f"({len(text)} characters) …{text[-LONGEST_TRACEBACK:]}"


def _printable(text: str, keep: str = "") -> str:
    """What would move a cursor, hide text or break a line, in Python's spelling."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else one.encode("unicode_escape").decode() for one in text)
