"""The ports for traps and syslog: can they be had, who else has them, and how much the kernel would keep for us."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Literal

from fannel.config import ConfigError
from fannel.config.syslog import SOURCE_UDP
from fannel.intake.datagram import STREAMS, Transport
from fannel.intake.listen import WANTED_SO_RCVBUF, ListenError, bind
from fannel.intake.receiver.tls import server_context
from fannel.ops.doctor.finding import ok, warning, wrong
from fannel.ops.doctor.holder import OURS, PROC, holder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fannel.config import Address, Syslog, Trap
    from fannel.ops.doctor.finding import Finding

_WORST_FIRST = ("wrong", "warning", "ok")
_MIB = 2**20


def trap_port(trap: Trap, proc: Path = PROC) -> Finding:
    """Whether traps can be received, at every address: the worst that was found, and of equals the first.

    A port that FANNEL itself holds is as it should be.
    """
    return _worst([_address("trap port", address, Transport.SNMP_UDP, proc) for address in trap.addresses])


def syslog_ports(syslog: Syslog, proc: Path = PROC) -> Finding:
    """The same for syslog, and whether its certificate can be used."""
    name = "syslog ports"
    ways = ((Transport.SYSLOG_UDP, syslog.udp), (Transport.SYSLOG_TCP, syslog.tcp), (Transport.SYSLOG_TLS, syslog.tls))
    found = [_address(name, address, transport, proc) for transport, addresses in ways for address in addresses]
    if not found:
        return ok(name, f"none is set (syslog.udp, tcp, tls): the syslog source of a rulebook takes {SOURCE_UDP}")
    if syslog.tls:
        try:
            server_context(syslog)
        except ConfigError as error:
            found.append(wrong(name, str(error), "give it a certificate and its key in PEM, readable to who receives"))
    worst = _worst(found)
    return worst if worst.status != "ok" else ok(name, "; ".join(one.finding for one in found))


def _worst(found: Sequence[Finding]) -> Finding:
    return min(found, key=lambda finding: _WORST_FIRST.index(finding.status))


def _address(name: str, address: Address, transport: Transport, proc: Path) -> Finding:
    protocol: Literal["udp", "tcp"] = "tcp" if transport in STREAMS else "udp"
    try:
        bind(address.host, address.port, transport=transport).close()
    except ListenError as error:
        found = f"{error.where}: {error.reason}"
        held_by = holder(protocol, address.port, proc) if "in use" in error.reason else None
        if held_by is None:
            return wrong(name, found, error.remedy or "set another address")
        pid, program = held_by
        if pid is None:
            remedy = f"`ss -{protocol[0]}lnp 'sport = :{address.port}'` as root"
            return warning(name, f"{found}, by a process of another user", remedy)
        if program in OURS:
            return ok(name, f"{error.where}: FANNEL is running ({program}, pid {pid})")
        return wrong(name, f"{found} by {program} (pid {pid})", error.remedy)
    return ok(name, f"{protocol.upper()} {address} is free")


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
