"""What is wrong with the settings, in words: a line per mistake with key, value (unless secret) and what was meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

from fannel.config.section import ABOUT, Section
from fannel.config.settings import sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ValidationError

DEFAULT_FILE = "fannel.toml"


class ConfigError(ValueError):
    """A setting is wrong. Each line of the text names the key, the value (unless secret) and what was meant."""


def explain(
    error: ValidationError,
    values: Mapping[str, Any],
    origin: Mapping[tuple[str, ...], str],
    *,
    section: str | None = None,
    where: str = DEFAULT_FILE,
) -> str:
    """One line per mistake, for `values` of the whole settings or of one `section`; `where` names their place."""
    nested = {section: values} if section else values
    lines = []
    for item in error.errors(include_context=False, include_url=False):
        loc = ((section,) if section else ()) + tuple(item["loc"])
        if item["type"].startswith(ABOUT):
            loc += (item["type"].removeprefix(ABOUT),)
        lines.append(_explain({**item, "loc": loc}, nested, origin, where))
    return "\n".join(lines)


def suggestion(name: str, known: Iterable[str]) -> str:
    """`, did you mean …?` with the known name nearest to `name`, or nothing."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f", did you mean {near[0]}?" if near else ""


def _explain(
    error: Mapping[str, Any], values: Mapping[str, Any], origin: Mapping[tuple[str, ...], str], default: str
) -> str:
    where = tuple(map(str, error["loc"]))
    source = origin.get(where[:2], default)
    shown = source if _is_variable(source) else f"{source}: {_path(error['loc']) or 'settings'}"
    if error["type"] == "extra_forbidden":
        return f"{shown}: no such key{_did_you_mean(where)}"
    given: Any = values
    for part in error["loc"]:
        given = given.get(part) if isinstance(given, dict) else given[part] if isinstance(given, list) else given
    # A secret's value is not shown (a URL may hold a password), nor what stands where keys should, or holds some.
    quoted = "" if len(where) < 2 or _is_secret(where) or given is None or isinstance(given, dict) else f" = {given!r}"
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{shown}{quoted}: {text[:1].lower()}{text[1:]}"


def _is_variable(source: str) -> bool:
    return source.isupper() and source.isidentifier()


def _path(loc: Iterable[str | int]) -> str:
    """`trap.users[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _is_secret(where: tuple[str, ...]) -> bool:
    return any(
        word in part for part in where[1:2] for word in ("token", "secret", "communit", "url", "users", "calendars")
    )


def _section_in(section: str, key: str) -> type[Section] | None:
    """The section that `key` of another one holds, itself or in a list, if it does."""
    outer = sections().get(section)
    annotation = outer.model_fields[key].annotation if outer is not None and key in outer.model_fields else None
    held = (annotation, *get_args(annotation))
    return next((one for one in held if isinstance(one, type) and issubclass(one, Section)), None)


def _did_you_mean(where: tuple[str, ...]) -> str:
    if len(where) > 2 and (inner := _section_in(where[0], where[1])) is not None:
        known = list(inner.model_fields)
    else:
        known = list(sections()[where[0]].model_fields if len(where) > 1 and where[0] in sections() else sections())
    return suggestion(where[-1], known) or f"; known: {', '.join(known)}"
