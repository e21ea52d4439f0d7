"""How many datagrams the kernel dropped because a socket's buffer was full: what nobody else can know of.

From SO_MEMINFO, a socket's own counters (linux/sock_diag.h); /proc/net/udp where a kernel lacks it.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.intake.listen import Listener

_SO_MEMINFO = 55
# SK_MEMINFO_DROPS is the ninth and last of these.
_MEMINFO = struct.Struct("=9I")
_WRAP = 2**32
_PROC_NET = Path("/proc/net")


class KernelDrops:
    """Counts on where the kernel's 32 bits begin anew."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._sockets = [listener.socket for listener in listeners]
        self._before = [_drops(sock) for sock in self._sockets]

    def since_last(self) -> int:
        """Those since the last call, of all sockets. Cheap."""
        now = [_drops(sock) for sock in self._sockets]
        new = sum((after - before) % _WRAP for before, after in zip(self._before, now, strict=True))
        self._before = now
        return new


def _drops(sock: socket.socket) -> int:
    try:
        drops: int = _MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1]
    except (OSError, struct.error):
        return drops_in_proc(sock)
    return drops


def drops_in_proc(sock: socket.socket, proc_net: Path = _PROC_NET) -> int:
    """The same from the kernel's table; 0 when it is not there to be read."""
    inode = str(os.fstat(sock.fileno()).st_ino)
    table = "udp6" if sock.family == socket.AF_INET6 else "udp"
    try:
        lines = (proc_net / table).read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return 0
    # sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
    return next((int(fields[12]) for line in lines if (fields := line.split())[9] == inode), 0)
