"""The options of a source in a rulebook: checked like the settings, and handed to the children as variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ValidationError

from fannel import config

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["snmp_trap", "syslog"]


class Options(NamedTuple):
    """Which section of the settings a source's options are, and which of its keys are not for it.

    Rulebooks are shared and logged: keys, and what belongs to one machine, are `not_for_rulebooks`. A table, which is
    `only_in_file`, does not fit into a variable.
    """

    source: str
    what: str
    section: Literal["trap", "syslog"]
    model: type[config.Trap | config.Syslog]
    not_for_rulebooks: frozenset[str] = frozenset()
    only_in_file: frozenset[str] = frozenset()


OPTIONS: Mapping[Kind, Options] = {
    "snmp_trap": Options(
        "fannel.network.snmp_trap",
        "traps",
        "trap",
        config.Trap,
        not_for_rulebooks=frozenset({"users", "users_file", "engine_file"}),
        only_in_file=frozenset({"engines"}),
    ),
    "syslog": Options(
        "fannel.network.syslog",
        "syslog",
        "syslog",
        config.Syslog,
        only_in_file=frozenset({"zones", "abbreviations"}),
    ),
}

# ansible-rulebook's own: `feedback` is for it, the queue is what it makes of that.
FEEDBACK_QUEUE = "eda_feedback_queue"
_OF_THE_ENGINE = frozenset({"feedback", FEEDBACK_QUEUE})


def variables(kind: Kind, args: Mapping[str, Any]) -> dict[str, str]:
    """The options as `FANNEL_<SECTION>__…` variables, which win over `fannel.toml`.

    Raises:
        ConfigError: an option is unknown, has a wrong value, or is not for a rulebook.
    """
    options = OPTIONS[kind]
    given = {key: value for key, value in args.items() if value is not None and key not in _OF_THE_ENGINE}
    for key in given:
        if key in options.not_for_rulebooks:
            raise _mistake(options, key, f"not in a rulebook; set it in {config.DEFAULT_FILE} or by variable")
        if key in options.only_in_file:
            raise _mistake(options, key, f"not in a rulebook; set it in {config.DEFAULT_FILE}")
    try:
        options.model(**given)
    except ValidationError as error:
        told = config.explain(error, given, {}, section=options.section, where=options.source)
        raise config.ConfigError(told) from None
    return {f"FANNEL_{options.section}__{key}".upper(): _text(options, key, value) for key, value in given.items()}


def not_options(source: str, args: Mapping[str, Any]) -> None:
    """Refuse options of a source that has none.

    Raises:
        ConfigError: there is one.
    """
    if given := [key for key, value in args.items() if value is not None and key not in _OF_THE_ENGINE]:
        msg = f"{source}: {given[0]}: it has no options in a rulebook; set them in {config.DEFAULT_FILE} or by variable"
        raise config.ConfigError(msg)


def _text(options: Options, key: str, value: object) -> str:
    """The value as a variable holds it: lists comma-separated."""
    if not isinstance(value, (list, tuple)):
        return str(value)
    texts = [str(item) for item in value]
    if any("," in text or text != text.strip() for text in texts):
        raise _mistake(options, key, f"commas and outer spaces cannot be told here; set it in {config.DEFAULT_FILE}")
    return ",".join(texts)


def _mistake(options: Options, key: str, reason: str) -> config.ConfigError:
    return config.ConfigError(f"{options.source}: {options.section}.{key}: {reason}")
