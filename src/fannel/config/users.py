"""SNMPv3 users as the settings spell them: one table `[[trap.users]]` each, or the same tables in a file of their own.

Only what a person can get wrong is judged here; what the algorithms are, `fannel.wire` knows.
"""

from __future__ import annotations

import tomllib
from pathlib import Path  # noqa: TC003  (pydantic reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, IPvAnyNetwork, model_validator

from fannel.config.section import Secret, Section, about, secret_from_file

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = ("auth_password", "priv_password")
MIN_PASSWORD_OCTETS = 8  # RFC 3414 §11.2
MAX_NAME_OCTETS = 32  # RFC 3414 §2.4
ENGINE_ID_OCTETS = range(5, 33)  # RFC 3411 §5

Level = Literal["noAuthNoPriv", "authNoPriv", "authPriv"]
_LEVELS: tuple[Level, ...] = ("noAuthNoPriv", "authNoPriv", "authPriv")


def _plain(name: Any) -> Any:  # noqa: ANN401  (whatever TOML holds)
    """`SHA-256` is how net-snmp and routers spell sha256."""
    return name.lower().replace("-", "") if isinstance(name, str) else name


def _name(name: str) -> str:
    if not 1 <= len(name.encode()) <= MAX_NAME_OCTETS:
        raise ValueError(f"a user name has 1 to {MAX_NAME_OCTETS} octets")
    return name


def spell_engine_id(text: str) -> str:
    """An SNMPv3 engine id as people write it (`0x80:00:…`), in plain hexadecimal; ValueError if it is none."""
    try:
        octets = bytes.fromhex(text.strip().removeprefix("0x").replace(":", ""))
    except ValueError:
        raise ValueError("an engine id is written in hexadecimal") from None
    if len(octets) not in ENGINE_ID_OCTETS:
        raise ValueError("an engine id has 5 to 32 octets")
    return octets.hex()


class TrapUser(Section):
    """One SNMPv3 user: who may send, with which keys, from where, and how well protected at least."""

    name: Annotated[str, AfterValidator(_name)]
    auth: Annotated[Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"] | None, BeforeValidator(_plain)] = (
        None
    )
    auth_password: Secret | None = None
    auth_password_file: Path | None = None
    priv: Annotated[Literal["des", "aes128", "aes192", "aes256"] | None, BeforeValidator(_plain)] = None
    priv_password: Secret | None = None
    priv_password_file: Path | None = None
    # Where the hash is too short for AES-192 and AES-256: net-snmp and Juniper, or Cisco.
    key_extension: Literal["blumenthal", "reeder"] = "blumenthal"
    # The one engine this user is of, in hexadecimal. Without it, engines are learned within `sources`.
    engine_id: Annotated[str, AfterValidator(spell_engine_id)] | None = None
    sources: tuple[IPvAnyNetwork, ...] = ()
    # The least that is accepted; without it, what the user's algorithms allow at most.
    level: Level | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for secret in SECRETS:
            secret_from_file(self, secret)
            self._check(secret)
        if self.priv is not None and self.auth is None:
            raise about("priv", "auth is missing, and only what is authenticated can be encrypted")
        if self.engine_id is None and not self.sources:
            raise about("sources", "missing: give an engine_id, or the networks within which engines may be learned")
        highest: Level = "authPriv" if self.priv else "authNoPriv" if self.auth else "noAuthNoPriv"
        if self.level is not None and _LEVELS.index(self.level) > _LEVELS.index(highest):
            raise about("level", f"{self.level} needs algorithms that this user does not have")
        return self

    def _check(self, secret: str) -> None:
        protocol = secret.removesuffix("_password")
        value = getattr(self, secret)
        if getattr(self, protocol) is None:
            if value is not None:
                raise about(secret, f"{protocol} is missing: a password without an algorithm")
        elif value is None:
            raise about(secret, f"missing: {protocol} needs {secret} or {secret}_file")
        elif len(value.get_secret_value().encode()) < MIN_PASSWORD_OCTETS:
            raise about(secret, f"a password has at least {MIN_PASSWORD_OCTETS} octets")


def anchor_users(tables: object, folder: Path) -> None:
    """Make the relative paths in `[[trap.users]]` absolute; what is no list of tables is left to the model."""
    for table in tables if isinstance(tables, list) else ():
        for key in table.keys() & {f"{secret}_file" for secret in SECRETS} if isinstance(table, dict) else ():
            if isinstance(table[key], str) and table[key]:
                table[key] = str(folder / table[key])


def read_users(path: Path) -> object:
    """The tables `[[trap.users]]` of a file that holds nothing else, their paths taken from its folder.

    Raises:
        ValueError: It cannot be used; the text says why, without the file's name and without anything in it.
    """
    try:
        values: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {path}: it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    trap = values.get("trap")
    if set(values) != {"trap"} or not isinstance(trap, dict) or set(trap) != {"users"}:
        raise ValueError(f"{path} has to hold tables [[trap.users]] and nothing else")
    anchor_users(trap["users"], path.parent)
    return trap["users"]
