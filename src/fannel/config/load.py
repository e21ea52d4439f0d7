"""Reading the settings: defaults, under the file, under the environment; and handing them on to a child process."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fannel.config.explain import DEFAULT_FILE, ConfigError, explain, suggestion
from fannel.config.settings import Settings, sections
from fannel.config.users import anchor_users, read_users

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

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
# Tables do not fit into a variable: FANNEL_TRAP__USERS_FILE names a file of them.
_NOT_VARIABLES = frozenset(
    {
        *(("trap", "users"), ("trap", "engines"), ("syslog", "zones"), ("syslog", "abbreviations")),
        *(("quiet", "expect"), ("pagoda", "device"), ("pagoda", "interface"), ("silences", "calendars")),
    }
)
# An empty variable is as good as none, but for what is on by default and can be switched off.
_EMPTY_MEANS_OFF = "FANNEL_PAGODA__CACHE_FILE"


def load(environ: Mapping[str, str] = os.environ, *, cwd: Path | None = None) -> Settings:
    """Read the settings.

    Relative paths in the file and the SQLite path are taken from the file's folder, so that playbooks started in
    another directory find the same database; those in variables from the working directory.

    Raises:
        ConfigError: one line per mistake: key, value (never a secret's), what was meant, where it was read.
    """
    folder = cwd or Path.cwd()
    path = folder / (environ.get("FANNEL_CONFIG") or DEFAULT_FILE)
    values, origin = _from_file(path, required=bool(environ.get("FANNEL_CONFIG")))
    _anchor(values, path.parent)
    mistakes = _add_environment(values, origin, environ)
    mistakes += _settle_where(values, origin)
    _anchor(values, folder)
    mistakes += _add_users(values, origin)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        mistakes.append(explain(error, values, origin))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return _anchored(settings, path.parent)


def export(settings: Settings, environ: MutableMapping[str, str], *, cwd: Path | None = None) -> None:
    """Make a child process, whatever its working directory, read these settings: by file name and by variable.

    Secrets travel in the environment, never in arguments (a process list shows those).
    """
    path = (cwd or Path.cwd()) / (environ.get("FANNEL_CONFIG") or DEFAULT_FILE)
    if path.exists():
        environ["FANNEL_CONFIG"] = str(path.resolve())
    environ["FANNEL_DATABASE__URL"] = settings.database.url
    if settings.trap.users_file is not None:
        environ["FANNEL_TRAP__USERS_FILE"] = str(settings.trap.users_file)
    environ["FANNEL_CHECKS__PATH"] = str(settings.checks.path)
    environ["FANNEL_KINDS__PATH"] = str(settings.kinds.path)
    environ["FANNEL_MIBS__PATH"] = str(settings.mibs.path)
    environ["FANNEL_SILENCES__FOLDER"] = str(settings.silences.folder)
    environ[_EMPTY_MEANS_OFF] = str(settings.pagoda.cache_file or "")
    if settings.pagoda.url is not None:
        environ["PAGODA_URL"] = str(settings.pagoda.url)
    if settings.pagoda.token is not None:
        environ["PAGODA_TOKEN"] = settings.pagoda.token.get_secret_value()
        environ.pop("PAGODA_TOKEN_FILE", None)
    if settings.pagoda.ca_file is not None:
        environ["FANNEL_PAGODA__CA_FILE"] = str(settings.pagoda.ca_file)
    for name in ("bot_token", "app_token"):
        if (file := getattr(settings.slack, f"{name}_file")) is not None:
            environ[f"SLACK_{name}_FILE".upper()] = str(file)


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


def _add_environment(
    values: dict[str, Any], origin: dict[tuple[str, ...], str], environ: Mapping[str, str]
) -> list[str]:
    """Put the variables over the file's values; returns what is wrong with their names."""
    known = {
        f"FANNEL_{s}__{k}".upper(): (s, k)
        for s, section in sections().items()
        for k in section.model_fields
        if (s, k) not in _NOT_VARIABLES
    }
    mistakes = [
        f"{name}: no such setting{suggestion(name, known)}"
        for name in sorted(environ)
        if name.startswith("FANNEL_") and name not in known and name not in _NOT_SETTINGS
    ]
    for name, (section, key) in (known | _USUAL_NAMES).items():
        if not (text := environ.get(name, "")) and not (name == _EMPTY_MEANS_OFF and name in environ):
            continue
        keys = values.setdefault(section, {})
        if not isinstance(keys, dict):
            continue
        other = key.removesuffix("_file") if key.endswith("_file") else f"{key}_file"
        if (section, other) not in origin or not origin[section, other].isupper():
            keys.pop(other, None)  # the environment overrides the file, also when one names the other's file
        keys[key] = _split(text) if _is_list(section, key) else text
        origin[section, key] = name
    return mistakes


def _settle_where(values: dict[str, Any], origin: Mapping[tuple[str, ...], str]) -> list[str]:
    """Let variables win where `trap.listen` and host and port say the same in two ways; returns what is left unsaid."""
    keys = values.get("trap")
    if not isinstance(keys, dict) or "listen" not in keys:
        return []
    ways = {key: origin["trap", key].isupper() for key in ("listen", "host", "port") if key in keys}
    if ways["listen"]:
        replaced = [key for key, by_variable in ways.items() if not by_variable]
    elif ways.get("host") and ways.get("port"):
        replaced = ["listen"]
    elif alone := [key for key in ("host", "port") if ways.get(key)]:
        # Half an address: the other half would be the default's, which may be every address of this machine.
        del keys[alone[0]]
        name, file = origin["trap", alone[0]], origin["trap", "listen"]
        return [f"{name}: {file} sets trap.listen: set FANNEL_TRAP__LISTEN, or FANNEL_TRAP__HOST and FANNEL_TRAP__PORT"]
    else:
        replaced = []
    for key in replaced:
        del keys[key]
    return []


def _add_users(values: dict[str, Any], origin: dict[tuple[str, ...], str]) -> list[str]:
    """Put the SNMPv3 users of `trap.users_file` among the values; returns what is wrong with that file."""
    keys = values.get("trap")
    if not isinstance(keys, dict) or not isinstance(file := keys.get("users_file"), str) or not file:
        return []
    where = origin["trap", "users_file"]
    shown = where if where.isupper() else f"{where}: trap.users_file"
    if "users" in keys:
        return [f"{shown}: users is set, too: keep one of the two"]
    try:
        keys["users"] = read_users(Path(file))
    except ValueError as error:
        return [f"{shown}: {error}"]
    origin["trap", "users"] = file
    return []


def _is_list(section: str, key: str) -> bool:
    return str(sections()[section].model_fields[key].annotation).startswith("tuple")


def _is_path(section: str, key: str) -> bool:
    return "Path" in str(sections()[section].model_fields[key].annotation)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _anchor(values: dict[str, Any], folder: Path) -> None:
    """Make the relative paths among the values absolute: playbooks that read them run elsewhere."""
    for section, keys in values.items():
        if section not in sections() or not isinstance(keys, dict):
            continue
        for key in keys.keys() & sections()[section].model_fields.keys():
            if isinstance(keys[key], str) and keys[key] and _is_path(section, key):
                keys[key] = str(folder / keys[key])
        if section == "trap":
            anchor_users(keys.get("users"), folder)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with what is a path by default, or inside a URL, made absolute as well."""
    prefix = "sqlite:///"
    url = settings.database.url
    if url.startswith(prefix) and not url.startswith(f"{prefix}/") and url != f"{prefix}:memory:":
        url = prefix + str((folder / url.removeprefix(prefix)).resolve())
    cache_file = settings.pagoda.cache_file
    if cache_file is not None:
        cache_file = (folder / cache_file).resolve()
    return settings.model_copy(
        update={
            "trap": settings.trap.model_copy(update={"engine_file": (folder / settings.trap.engine_file).resolve()}),
            "pagoda": settings.pagoda.model_copy(update={"cache_file": cache_file}),
            "database": settings.database.model_copy(update={"url": url}),
            "spool": settings.spool.model_copy(update={"directory": (folder / settings.spool.directory).resolve()}),
            "checks": settings.checks.model_copy(update={"path": (folder / settings.checks.path).resolve()}),
            "kinds": settings.kinds.model_copy(update={"path": (folder / settings.kinds.path).resolve()}),
            "mibs": settings.mibs.model_copy(update={"path": (folder / settings.mibs.path).resolve()}),
            "silences": settings.silences.anchored(folder),
        }
    )
