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
    from collections.abc import Mapping
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

    url: str = "sqlite:///var/fannel.sqlite3"


class Site(_Section):
    """How people here read times."""

    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @property
    def zone(self) -> tzinfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)


class Checks(_Section):
    """Where checks are looked up before the shipped ones, and how long a device may take."""

    path: Path = Path("checks")
    command_timeout_s: Seconds = 30


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
