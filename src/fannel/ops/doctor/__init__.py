"""What is wrong with this installation, and what to do about it: `fannel doctor`, and whoever else wants to know.

Every check is a small function that takes what it looks at and returns a `Finding`; `diagnose()` runs them all at
once. They look and do not touch: nothing is posted, sent, installed or upgraded. No secret is ever in a finding.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fannel import collection
from fannel.checks.find import Checks
from fannel.collection import CollectionNotFoundError
from fannel.config import DEFAULT_FILE
from fannel.ops.doctor import (
    collections,
    content,
    database,
    health_addresses,
    pagoda,
    programs,
    requests,
    slack,
    spool,
    trap_port,
    windows,
)
from fannel.ops.doctor.examine import LIMIT_S, examine
from fannel.ops.doctor.finding import Finding, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fannel.config import Settings

__all__ = ["Finding", "configuration", "diagnose", "misconfigured"]


def diagnose(
    settings: Settings, environ: Mapping[str, str], folder: Path, *, limit_s: float = LIMIT_S
) -> Iterator[Finding]:
    """All findings, each as soon as those before it are there; the whole takes `limit_s` at most.

    `environ` and `folder` are those that `fannel run` would be started in.
    """
    yield configuration(environ, folder)
    yield from examine(_checks(settings, environ, folder), limit_s)


def configuration(environ: Mapping[str, str], folder: Path) -> Finding:
    """Where the settings came from, once they have been read."""
    path = folder / (environ.get("FANNEL_CONFIG") or DEFAULT_FILE)
    read = str(path) if path.exists() else f"defaults (there is no {path})"
    return ok("configuration", f"{read}, then the environment")


def misconfigured(mistakes: str) -> list[Finding]:
    """The findings for a ConfigError: one per line of its text."""
    remedy = "correct it: without its settings nothing of FANNEL starts"
    return [wrong("configuration", line, remedy) for line in mistakes.splitlines()]


def _checks(settings: Settings, environ: Mapping[str, str], folder: Path) -> dict[str, Callable[[], Finding]]:
    paths = collections.search_path(environ, folder)
    root = _collection_root(paths)
    own = folder / "rulebooks" / "network_alerts.yml"
    rules = own if own.exists() else root / "rulebooks" / "network_alerts.yml"
    return {
        "trap port": partial(trap_port.trap_port, settings.trap),
        "syslog ports": partial(trap_port.syslog_ports, settings.syslog),
        "receive buffer": partial(trap_port.receive_buffer, settings.receiver.so_rcvbuf),
        "spool": partial(spool.spool, settings.spool),
        "health addresses": partial(health_addresses.health_addresses, settings.health),
        "database": partial(database.database, settings.database.url),
        "pagoda": partial(pagoda.pagoda, settings.pagoda),
        "slack": partial(slack.slack, settings.slack),
        "requests": partial(requests.requests, settings),
        "java": partial(programs.java, environ),
        f"collection {collections.OWN}": partial(collections.own_collection, paths),
        "vendor collections": partial(collections.vendor_collections, root / "collections" / "requirements.yml", paths),
        "ansible-pylibssh": programs.pylibssh,
        "rulebook": partial(content.rulebook, rules, root),
        "kinds": partial(content.kinds, settings.kinds.path, settings.mibs.path),
        "work windows": partial(windows.windows, settings),
        "checks": partial(content.checks, Checks((settings.checks.path, root / "checks"))),
    }


def _collection_root(paths: list[Path]) -> Path:
    """The collection that belongs to this library, else wherever Ansible would find one of that name."""
    try:
        return collection.root()
    except CollectionNotFoundError:
        found = collections.find(collections.OWN, paths)
        return found.path if found is not None else Path("fannel.network")
