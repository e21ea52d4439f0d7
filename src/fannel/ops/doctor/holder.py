"""Which process has a port, as far as /proc shows it to whoever asks."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
# The programs that hold ports of FANNEL while it runs: its own processes, or ansible-rulebook with its event sources.
OURS = frozenset({"fannel", "ansible-rulebook"})


def holder(protocol: Literal["udp", "tcp"], port: int, proc: Path = PROC) -> tuple[int | None, str] | None:
    """Pid and program of the process that has this port; (None, "") if it may not be seen, None if nobody has."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(protocol, port, proc)}
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


def _inodes(protocol: str, port: int, proc: Path) -> list[str]:
    """Inodes of the sockets on `port`, from /proc/net/udp or tcp: `sl local_address rem_address … inode …`."""
    found = []
    for table in (protocol, f"{protocol}6"):
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
