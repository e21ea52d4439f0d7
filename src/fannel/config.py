"""Settings: one model, read once, wrong at start or not at all.

Defaults < `fannel.toml` (or the file `FANNEL_CONFIG` names) < environment. `PAGODA_URL`, `PAGODA_TOKEN`,
`SLACK_BOT_TOKEN`, `SLACK_APP_TOKEN` go by their usual names, everything else is `FANNEL_<SECTION>__<KEY>`. A secret
may also come from a file (`…_FILE`, or `…_file` in the TOML). Secrets never appear in an error, a repr or a dump.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from datetime import tzinfo

DEFAULT_FILE = "fannel.toml"


class ConfigError(ValueError):
    """A setting is wrong. Each line of the text names the key, the value (unless secret) and what was meant."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _secret_from_file(section: _Section, name: str) -> None:
    """Fill the secret `name` from `<name>_file`; both at once is a mistake someone should know of."""
    path: Path | None = getattr(section, f"{name}_file")
    if path is None:
        return
    if getattr(section, name) is not None:
        msg = f"{name} and {name}_file are both set: keep one"
        raise ValueError(msg)
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"{name}_file: cannot read {path}: {reason}"
        raise ValueError(msg) from None
    if not text:
        msg = f"{name}_file: {path} is empty"
        raise ValueError(msg)
    object.__setattr__(section, name, SecretStr(text))


def _zone(name: str) -> str:
    if name not in available_timezones():
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        msg = f"no such time zone{f', did you mean {near[0]}?' if near else ''}"
        raise ValueError(msg)
    return name


Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Trap(_Section):
    """Where notifications arrive and whose are accepted."""

    host: str = "0.0.0.0"  # noqa: S104  (a trap receiver listens to the network)
    port: Port = 10162
    communities: tuple[SecretStr, ...] = (SecretStr("public"),)
    allowed_sources: tuple[IPvAnyNetwork, ...] = (
        ipaddress.ip_network("0.0.0.0/0"),
        ipaddress.ip_network("::/0"),
    )
    # Which fact names the device, first match wins. A relay or NAT makes the packet's source the wrong one.
    trust: tuple[Literal["source_address", "agent_address"], ...] = ("source_address", "agent_address")
    # Whose agent address is believed at all; anyone can write any address into a packet.
    agent_address_from: tuple[IPvAnyNetwork, ...] = (
        ipaddress.ip_network("0.0.0.0/0"),
        ipaddress.ip_network("::/0"),
    )


class Pagoda(_Section):
    """The source of truth. Without `url` the stand-in serves the embedded lab network."""

    url: HttpUrl | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    refresh_s: Seconds = 300
    lookup_timeout_s: Seconds = 2

    @model_validator(mode="after")
    def _token(self) -> Self:
        _secret_from_file(self, "token")
        return self


class Slack(_Section):
    """Where people read. Without a bot token nothing is posted and `fannel doctor` says so."""

    bot_token: SecretStr | None = None
    bot_token_file: Path | None = None
    app_token: SecretStr | None = None
    app_token_file: Path | None = None
    channel: str = "C0ALERTS01"
    api_url: HttpUrl = HttpUrl("https://slack.com/api/")
    timeout_s: Seconds = 10

    @model_validator(mode="after")
    def _tokens(self) -> Self:
        _secret_from_file(self, "bot_token")
        _secret_from_file(self, "app_token")
        return self


class Database(_Section):
    """Where events, incidents and wanted posts are kept."""

    url: Annotated[str, Field(repr=False)] = "sqlite:///var/fannel.sqlite3"  # may hold a password


class Site(_Section):
    """How people here read times."""

    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @property
    def zone(self) -> tzinfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)


class Checks(_Section):
    """Where checks are looked up before the shipped ones."""

    path: Path = Path("checks")


class Settings(BaseSettings):
    """Everything FANNEL can be told. `load()` builds it and turns mistakes into ConfigError."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    trap: Trap = Trap()
    pagoda: Pagoda = Pagoda()
    slack: Slack = Slack()
    database: Database = Database()
    site: Site = Site()
    checks: Checks = Checks()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load()` merged: it knows which file and which variable each value came from."""
        return (init_settings,)


# The names other tools already use, and where each lands. They win over FANNEL_… spellings of the same key.
_USUAL_NAMES = {
    "PAGODA_URL": ("pagoda", "url"),
    "PAGODA_TOKEN": ("pagoda", "token"),
    "PAGODA_TOKEN_FILE": ("pagoda", "token_file"),
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_BOT_TOKEN_FILE": ("slack", "bot_token_file"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_APP_TOKEN_FILE": ("slack", "app_token_file"),
}
# Read by the command line and the lab, not settings.
_NOT_SETTINGS = frozenset({"FANNEL_CONFIG", "FANNEL_LAB_SSH_PORT"})


def load(environ: Mapping[str, str] = os.environ, *, cwd: Path | None = None) -> Settings:
    """Read the settings.

    Relative paths in the file and the SQLite path are taken from the file's folder, so that playbooks started in
    another directory find the same database.

    Raises:
        ConfigError: one line per mistake: key, value (never a secret's), what was meant, where it was read.
    """
    folder = cwd or Path.cwd()
    path = folder / (environ.get("FANNEL_CONFIG") or DEFAULT_FILE)
    values, origin = _from_file(path, required="FANNEL_CONFIG" in environ)
    _add_environment(values, origin, environ)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(explain(error, values, origin)) from None
    return _anchored(settings, path.parent)


def _from_file(path: Path, *, required: bool) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            msg = f"FANNEL_CONFIG = {path}: no such file"
            raise ConfigError(msg) from None
        return {}, {}
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot read it: {error}"
        raise ConfigError(msg) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: not TOML: {error}"
        raise ConfigError(msg) from None
    origin: dict[tuple[str, ...], str] = {
        (s, k): path.name for s, keys in values.items() if isinstance(keys, dict) for k in keys
    }
    return values, origin


def _add_environment(values: dict[str, Any], origin: dict[tuple[str, ...], str], environ: Mapping[str, str]) -> None:
    wanted = dict(_USUAL_NAMES)
    for name in sorted(environ):
        if name.startswith("FANNEL_") and name not in _NOT_SETTINGS:
            wanted.setdefault(name, _variable_key(name))
    for name in sorted(wanted, key=lambda n: n in _USUAL_NAMES):
        if not (text := environ.get(name)):
            continue
        section, key = wanted[name]
        keys = values.setdefault(section, {})
        if not isinstance(keys, dict):
            continue
        _forget_other_spelling(keys, key)
        keys[key] = _split(text) if _is_list(section, key) else text
        origin[section, key] = name


def _forget_other_spelling(keys: dict[str, Any], key: str) -> None:
    """The environment overrides the file, also when one gives the secret and the other its file."""
    other = key.removesuffix("_file") if key.endswith("_file") else f"{key}_file"
    keys.pop(other, None)


def _variable_key(name: str) -> tuple[str, str]:
    section, _, key = name.removeprefix("FANNEL_").lower().partition("__")
    known = [f"FANNEL_{s}__{k}".upper() for s, field in _sections().items() for k in field.model_fields]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        msg = f"{name}: no such setting" + (f", did you mean {near[0]}?" if near else "")
        raise ConfigError(msg)
    return section, key


def _sections() -> dict[str, type[_Section]]:
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section)
    }


def _is_list(section: str, key: str) -> bool:
    return str(_sections()[section].model_fields[key].annotation).startswith("tuple")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


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
        loc = ((section,) if section else ()) + tuple(str(part) for part in item["loc"])
        lines.append(_explain({**item, "loc": loc}, nested, origin, where))
    return "\n".join(lines)


def export(settings: Settings, environ: MutableMapping[str, str], *, cwd: Path | None = None) -> None:
    """Make a child process, whatever its working directory, read these settings: by file name and by variable.

    Secrets travel in the environment, never in arguments (a process list shows those).
    """
    path = (cwd or Path.cwd()) / (environ.get("FANNEL_CONFIG") or DEFAULT_FILE)
    if path.exists():
        environ["FANNEL_CONFIG"] = str(path.resolve())
    environ["FANNEL_DATABASE__URL"] = settings.database.url
    environ["FANNEL_CHECKS__PATH"] = str(settings.checks.path)
    if settings.pagoda.url is not None:
        environ["PAGODA_URL"] = str(settings.pagoda.url)
    if settings.pagoda.token is not None:
        environ["PAGODA_TOKEN"] = settings.pagoda.token.get_secret_value()
        environ.pop("PAGODA_TOKEN_FILE", None)


def _explain(
    error: Mapping[str, Any], values: Mapping[str, Any], origin: Mapping[tuple[str, ...], str], default: str
) -> str:
    where = tuple(str(part) for part in error["loc"])
    key = ".".join(where) or "settings"
    source = origin.get(where[:2], default)
    shown = source if source.isupper() else f"{source}: {key}"
    if error["type"] == "extra_forbidden":
        return f"{shown}: no such key{_did_you_mean(where)}"
    given: Any = values
    for part in where:
        given = given.get(part) if isinstance(given, dict) else given
    # A secret's value is not shown (a URL may hold a password), nor a whole section (its error names the key).
    quoted = "" if _is_secret(where) or isinstance(given, dict) else f" = {given!r}"
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{shown}{quoted}: {text[:1].lower()}{text[1:]}"


def _is_secret(where: tuple[str, ...]) -> bool:
    return any(word in part for part in where[1:2] for word in ("token", "communit", "url"))


def _did_you_mean(where: tuple[str, ...]) -> str:
    sections = _sections()
    known = list(sections[where[0]].model_fields) if len(where) > 1 and where[0] in sections else list(sections)
    near = difflib.get_close_matches(where[-1], known, n=1, cutoff=0.5)
    return f", did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with relative paths made absolute from the settings file's folder."""
    prefix = "sqlite:///"
    url = settings.database.url
    if url.startswith(prefix) and not url.startswith(f"{prefix}/") and url != f"{prefix}:memory:":
        url = prefix + str((folder / url.removeprefix(prefix)).resolve())
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": url}),
            "checks": settings.checks.model_copy(update={"path": (folder / settings.checks.path).resolve()}),
        }
    )
