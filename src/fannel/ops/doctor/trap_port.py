"""The trap port: can it be had, who else has it, and how much the kernel would keep for us."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from fannel.intake.listen import WANTED_SO_RCVBUF, ListenError, bind
from fannel.ops.doctor.finding import ok, warning, wrong
from fannel.ops.doctor.holder import OURS, PROC, holder

if TYPE_CHECKING:
    from pathlib import Path

    from fannel.config import Address, Trap
    from fannel.ops.doctor.finding import Finding

_WORST_FIRST = ("wrong", "warning", "ok")
_MIB = 2**20


def trap_port(trap: Trap, proc: Path = PROC) -> Finding:
    """Whether traps can be received, at every address: the worst that was found, and of equals the first.

    A port that FANNEL itself holds is as it should be.
    """
    found = [_address(address, proc) for address in trap.addresses]
    return min(found, key=lambda finding: _WORST_FIRST.index(finding.status))


def _address(address: Address, proc: Path) -> Finding:
    name = "trap port"
    try:
        bind(address.host, address.port).close()
    except ListenError as error:
        found = f"{error.where}: {error.reason}"
        held_by = holder("udp", address.port, proc) if "in use" in error.reason else None
        if held_by is None:
            return wrong(name, found, error.remedy or "set trap.host and trap.port")
        pid, program = held_by
        if pid is None:
            remedy = f"`ss -ulnp 'sport = :{address.port}'` as root"
            return warning(name, f"{found}, by a process of another user", remedy)
        if program in OURS:
            return ok(name, f"{error.where}: FANNEL is running ({program}, pid {pid})")
        return wrong(name, f"{found} by {program} (pid {pid})", error.remedy)
    return ok(name, f"UDP {address} is free")


def receive_buffer(wanted: int = WANTED_SO_RCVBUF) -> Finding:
    """How many octets of a burst the kernel would keep while FANNEL is busy."""
    name = "receive buffer"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        granted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux grants double, for its own needs
    if granted >= wanted:
        return ok(name, f"{granted / _MIB:g} MiB granted")
    return warning(
        name,
        f"{granted / _MIB:.3g} MiB granted, {wanted / _MIB:g} MiB wanted: a larger burst of traps loses some",
        f"sysctl -w net.core.rmem_max={wanted} (and keep it in /etc/sysctl.d/), or give it CAP_NET_ADMIN",
    )
