"""Requests that are written on the command line as they are in chat, and the hosts they may name."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fannel import config
from fannel.cli import stored
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from pathlib import Path

    from fannel.cli.stored import Stored
    from fannel.incidents.silence import Matcher, Scope
    from fannel.slack.grammar import Known, Outcome, Request
    from fannel.slack.grammar.known import Device
    from fannel.slack.grammar.request import Target

_NAMED = frozenset({"host", "site", "role"})


def request(
    text: str, action: str, hosts: Path | None, opened: Stored, tz: str | None, about: Target | None = None
) -> Request:
    """The one request that a text is; anything else ends the command with the reason.

    `about` is what is meant where the text names nothing.
    """
    from fannel.slack.grammar import Refusal  # noqa: PLC0415

    outcomes = outcomes_of(text, hosts, opened.now, zone_of(tz), needs_hosts=action != "extend", about=about)
    if len(outcomes) != 1:
        stored.fail(f"{text!r}: no request" if not outcomes else "one request at a time")
    (outcome,) = outcomes
    if isinstance(outcome, Refusal):
        stored.fail(f"{outcome.why}; meant is: {outcome.closest}")
    if outcome.action != action:
        stored.fail(f"that is a request to {outcome.action}, not to {action}")
    return outcome


def outcomes_of(
    text: str,
    hosts: Path | None,
    now: datetime,
    zone: tzinfo,
    *,
    needs_hosts: bool = True,
    about: Target | None = None,
) -> tuple[Outcome, ...]:
    """What a text asks for, of the hosts of a file or those that FANNEL keeps."""
    from fannel.slack.grammar import Known, Limits  # noqa: PLC0415
    from fannel.slack.grammar import parse as parse_text  # noqa: PLC0415

    limits = Limits(longest=timedelta(days=config.load().silences.longest_days))
    known = Known(devices(hosts)) if needs_hosts else Known()
    return parse_text(text, known, now=now, zone=zone, about=about, limits=limits)


def matched(texts: Sequence[str], hosts: Path | None) -> Scope:
    """Matchers of the command line, their hosts by full name; what is none, or names what nobody knows, ends it."""
    from fannel.incidents.matchers import scope_of  # noqa: PLC0415
    from fannel.incidents.silence import SilenceError  # noqa: PLC0415
    from fannel.slack.grammar import Known  # noqa: PLC0415

    try:
        scope = scope_of(texts)
    except SilenceError as error:
        stored.fail(f"--match {error}")
    if not any(one.operator == "equal" and one.field in _NAMED for one in scope):
        return scope
    known = Known(devices(hosts))
    return tuple(_found(one, known) if one.operator == "equal" else one for one in scope)


def _found(matcher: Matcher, known: Known) -> Matcher:
    if matcher.field == "host":
        names = known.called(matcher.value)
        if len(names) == 1:
            return replace(matcher, value=names[0])
        if not names and _is_address(matcher.value):
            return matcher  # a sender that pagoda does not know is called by its address
        near = ", ".join(names or known.near(matcher.value))
        what = "several hosts are called so" if names else "no such host in pagoda"
        stored.fail(f"--match {matcher}: {what}{near and f': {near}'}")
    groups = {"site": known.sites, "role": known.roles}.get(matcher.field)
    if groups is not None and matcher.folded not in groups:
        stored.fail(f"--match {matcher}: no such {matcher.field} in pagoda")
    return matcher


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def zone_of(tz: str | None) -> tzinfo:
    """The zone of an option, else the site's."""
    if tz is None:
        return config.load().site.zone
    try:
        return ZoneInfo(tz)
    except (ValueError, OSError, KeyError):
        raise config.ConfigError(printable(f"--tz {tz}: no such zone; meant is an IANA name like Asia/Tokyo")) from None


def moment_of(now: str | None, zone: tzinfo) -> datetime:
    """The time of an option, else the clock's."""
    if now is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise config.ConfigError(printable(f"--now {now}: no time; meant is 2026-11-22T16:00+09:00")) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def devices(hosts: Path | None) -> Sequence[Device]:
    """The hosts of a file, or those that a running FANNEL keeps."""
    from fannel.directory import snapshot  # noqa: PLC0415  (only for these commands)
    from fannel.slack.grammar.known import names_of  # noqa: PLC0415

    if hosts is not None:
        return list(names_of(_rows(hosts)))
    kept = config.load().pagoda.cache_file
    if kept is None:
        raise config.ConfigError("pagoda.cache_file is empty: no list of hosts is kept; --hosts names a file")
    try:
        return snapshot.load(kept, None, with_interfaces=False).devices
    except snapshot.SnapshotError as error:
        raise config.ConfigError(f"{kept}: {error}; --hosts names a file of hosts") from None


def _rows(path: Path) -> list[dict[str, str]]:
    import yaml  # noqa: PLC0415

    meant = "meant is a YAML list of {name: …, site: …, role: …}"
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise config.ConfigError(printable(f"--hosts {path}: {' '.join(str(error).split())}; {meant}")) from None
    rows = [{"name": row} if isinstance(row, str) else row for row in rows] if isinstance(rows, list) else None
    if rows is None or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        raise config.ConfigError(printable(f"--hosts {path}: {meant}"))
    return [{name: str(row[name]) for name in ("name", "site", "role") if row.get(name)} for row in rows]
