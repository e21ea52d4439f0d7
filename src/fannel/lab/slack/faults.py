"""What can be made to go wrong, on purpose, a given number of times."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Kind = Literal[
    "drop_before",  # the connection ends before the method did anything
    "drop_after",  # the method did its work, the answer is lost
    "delay_before",
    "delay_after",
    "http_before",  # an HTML page with this status, nothing done
    "http_after",  # the same, although the work was done
    "garbage",  # status 200 and a body that is no JSON
    "ratelimited",
    "error",  # ok: false with this code
]


@dataclass(slots=True)
class Fault:
    """One kind of trouble for the next `times` calls of `method` (`*`: any; `upload`: the raw upload step)."""

    kind: Kind
    method: str = "*"
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    error: str = "fatal_error"
    retry_after_s: int = 1

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Fault:
        """The fault a control request asks for.

        Raises:
            ValueError: says which key or kind is wrong.
        """
        known = {field.name for field in fields(cls)}
        if wrong := sorted(set(given) - known):
            msg = f"unknown key {wrong[0]!r}; known are {', '.join(sorted(known))}"
            raise ValueError(msg)
        if given.get("kind") not in get_args(Kind):
            msg = f"unknown kind {given.get('kind')!r}; known are {', '.join(get_args(Kind))}"
            raise ValueError(msg)
        return cls(**given)


class Faults:
    """The faults still to come, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` happen to coming calls."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """The fault that befalls this call, if any."""
        for fault in self._waiting:
            if fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
