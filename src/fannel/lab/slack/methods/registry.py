"""Which function answers which method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fannel.lab.slack.workspace import Workspace

Json = dict[str, Any]
Method = Callable[[Workspace, Json], Json]

METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Let the decorated function answer `name`."""

    def register(function: Method) -> Method:
        METHODS[name] = function
        return function

    return register


def flag(arguments: Json, name: str) -> bool:
    """A boolean argument: JSON sends true, forms send 1 or true."""
    return arguments.get(name) in (True, 1, "1", "true", "True")
