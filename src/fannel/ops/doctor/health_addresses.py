"""Where the processes say how they are: can those ports be had, and is each one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.intake.listen import ListenError
from fannel.ops import tcp
from fannel.ops.doctor.finding import ok, warning, wrong
from fannel.ops.doctor.holder import OURS, PROC, holder

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.config import Health
    from fannel.config.address import Address
    from fannel.ops.doctor.finding import Finding

NAME = "health addresses"
_WORST_FIRST = ("wrong", "warning", "ok")


def health_addresses(health: Health, proc: Path = PROC) -> Finding:
    """Whether probes will be answered: the worst that was found."""
    named = {
        "receiver": health.receiver,
        "source": health.source,
        "listener": health.listener,
        "check": health.check,
    }
    wanted = {f"health.{key}": address for key, address in named.items() if address is not None}
    if not wanted:
        return ok(NAME, "none is set: no process says how it is (health.receiver, health.source, …)")
    if shared := _shared(wanted):
        return wrong(NAME, f"{' and '.join(shared)} want the same port", "give each a port of its own")
    found = [_address(setting, address, proc) for setting, address in wanted.items()]
    worst = min(found, key=lambda one: _WORST_FIRST.index(one.status))
    return worst if worst.status != "ok" else ok(NAME, "; ".join(one.finding for one in found))


def _shared(wanted: dict[str, Address]) -> list[str]:
    """Settings that cannot all be had: one port at one address, or at all of them."""
    for address in wanted.values():
        same = [
            other
            for other, one in wanted.items()
            if one.port == address.port and (one.host == address.host or not {one.host, address.host}.isdisjoint(_ALL))
        ]
        if len(same) > 1:
            return same
    return []


_ALL = {"", "::", "0.0.0.0"}  # noqa: S104  (what people write)


def _address(setting: str, address: Address, proc: Path) -> Finding:
    try:
        sock = tcp.bind(address, setting)
    except ListenError as error:
        return _refused(setting, address, error, proc)
    sock.close()
    return ok(NAME, f"TCP {address} ({setting}) is free")


def _refused(setting: str, address: Address, error: ListenError, proc: Path) -> Finding:
    found = f"{error.where} ({setting}): {error.reason}"
    held_by = holder("tcp", address.port, proc) if "in use" in error.reason else None
    if held_by is None:
        return wrong(NAME, found, error.remedy)
    pid, program = held_by
    if pid is None:
        return warning(NAME, f"{found}, by a process of another user", f"`ss -tlnp 'sport = :{address.port}'` as root")
    if program in OURS:
        return ok(NAME, f"{error.where} ({setting}): FANNEL is running ({program}, pid {pid})")
    return wrong(NAME, f"{found} by {program} (pid {pid})", error.remedy)
