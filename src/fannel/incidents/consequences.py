"""The file that says what follows from what, read and checked against its JSON Schema.

Apart from the rules themselves: playbooks open the store, too, and have no need of YAML and schemas for that.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from fannel.incidents.correlation import RELATIONS, Consequence, Consequences
from fannel.kinds.document import read_document, validate

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@functools.cache
def shipped() -> Consequences:
    """The rules that come with FANNEL."""
    return read(resources.files("fannel.incidents").joinpath("consequences.yml"))


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    text = resources.files("fannel.incidents").joinpath("consequences.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read(path: Traversable) -> Consequences:
    """The rules of a file.

    Raises:
        KindsError: It cannot be used; one line that says where and why.
    """
    document = read_document(path)
    validate(document, schema())
    raw = document.data
    return Consequences(
        hold_s=dict(raw["hold_s"]),
        outlives_s=raw["outlives_s"],
        restart_problems=frozenset(raw["restart"]["problems"]),
        restart_within_s=raw["restart"]["within_s"],
        rules=tuple(
            Consequence(
                problems=_words(rule["problem"]),
                of=_words(rule["of"]),
                related=RELATIONS[rule["where"]],
                why=rule["why"],
                within_s=rule.get("within_s"),
            )
            for rule in raw["consequences"]
        ),
    )


def _words(one_or_more: str | list[str]) -> frozenset[str]:
    return frozenset([one_or_more] if isinstance(one_or_more, str) else one_or_more)
