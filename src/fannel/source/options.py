"""The options of a source in a rulebook: checked like the settings, and handed to the children as variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fannel import config

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "fannel.network.snmp_trap"

# Rulebooks are shared and logged; keys, and what belongs to one machine, are not for them.
_NOT_FOR_RULEBOOKS = frozenset({"users", "users_file", "engine_file"})
# A table does not fit into a variable.
_ONLY_IN_FILE = frozenset({"engines"})
# ansible-rulebook's own: `feedback` is for it, the queue is what it makes of that.
FEEDBACK_QUEUE = "eda_feedback_queue"
_OF_THE_ENGINE = frozenset({"feedback", FEEDBACK_QUEUE})


def variables(args: Mapping[str, Any]) -> dict[str, str]:
    """The options as `FANNEL_TRAP__…` variables, which win over `fannel.toml`.

    Raises:
        ConfigError: an option is unknown, has a wrong value, or is not for a rulebook.
    """
    given = {key: value for key, value in args.items() if value is not None and key not in _OF_THE_ENGINE}
    for key in given:
        if key in _NOT_FOR_RULEBOOKS:
            raise _mistake(key, f"not in a rulebook; set it in {config.DEFAULT_FILE} or by variable")
        if key in _ONLY_IN_FILE:
            raise _mistake(key, f"not in a rulebook; set it in {config.DEFAULT_FILE}")
    try:
        config.Trap(**given)
    except ValidationError as error:
        raise config.ConfigError(config.explain(error, given, {}, section="trap", where=SOURCE)) from None
    return {f"FANNEL_TRAP__{key.upper()}": _text(key, value) for key, value in given.items()}


def _text(key: str, value: object) -> str:
    """The value as a variable holds it: lists comma-separated."""
    if not isinstance(value, (list, tuple)):
        return str(value)
    texts = [str(item) for item in value]
    if any("," in text or text != text.strip() for text in texts):
        raise _mistake(key, f"commas and outer spaces cannot be told here; set it in {config.DEFAULT_FILE}")
    return ",".join(texts)


def _mistake(key: str, reason: str) -> config.ConfigError:
    return config.ConfigError(f"{SOURCE}: trap.{key}: {reason}")
