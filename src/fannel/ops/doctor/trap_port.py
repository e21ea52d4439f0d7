"""The trap port: can it be had, who else has it, and how much the kernel would keep for us."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from fannel.intake.listen import WANTED_SO_RCVBUF, ListenError, bind
from fannel.ops.doctor.finding import ok, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fannel.config import Address, Trap
    from fannel.ops.doctor.finding import Finding

_PROC = Path("/proc")
# The processes that hold the port while FANNEL runs: its receiver, or an event source that receives by itself.
_OURS = frozenset({"fannel", "ansible-rulebook"})
_WORST_FIRST = ("wrong", "warning", "ok")
_MIB = 2**20


def trap_port(trap: Trap, proc: Path = _PROC) -> Finding:
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
        holder = _holder(address.port, proc) if "in use" in error.reason else None
        if holder is None:
            return wrong(name, found, error.remedy or "set trap.host and trap.port")
        pid, program = holder
        if pid is None:
            remedy = f"`ss -ulnp 'sport = :{address.port}'` as root"
            return warning(name, f"{found}, by a process of another user", remedy)
        if program in _OURS:
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
        f"sysctl -w net.core.rmem_max={wanted} (and keep it in /etc/sysctl.d/)",
    )


def _holder(port: int, proc: Path) -> tuple[int | None, str] | None:
    """Pid and program of the process that has this UDP port; (None, "") if it may not be seen, None if nobody has."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not inodes:
        return None
    for process in proc.glob("[0-9]*"):
        if any(link in inodes for link in _links(process / "fd")):
            return int(process.name), _program(process)
    return None, ""


def _links(folder: Path) -> Iterator[str]:
    """What a process's descriptors stand for, as far as it is its user who asks and they are still open."""
    try:
        descriptors = list(folder.iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            yield str(descriptor.readlink())


def _inodes(port: int, proc: Path) -> list[str]:
    """Inodes of the UDP sockets on `port`, from /proc/net/udp: `sl local_address rem_address … inode …`."""
    found = []
    for table in ("udp", "udp6"):
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue  # no IPv6, or no Linux
        found += [fields[9] for line in lines if (fields := line.split())[1].endswith(f":{port:04X}")]
    return found


def _program(process: Path) -> str:
    """The name of what runs: of the script, if Python runs one."""
    try:
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "?"
    names = [Path(word).name for word in words if word and not word.startswith("-")]
    return next((name for name in names[:2] if not name.startswith("python")), names[0] if names else "?")
