"""net-snmp's snmptrapd writing to a file, as the peer to compare with: started, counted by the lines it wrote."""

from __future__ import annotations

import shutil
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from fannel.lab.bench import kernel
from fannel.lab.bench.child import Child
from fannel.lab.bench.receiver import wait_until

if TYPE_CHECKING:
    from pathlib import Path

_MARK = b"UDP: ["  # in the heading line of every trap, and in no other


def program() -> str | None:
    """Where snmptrapd is (Debian's package of that name)."""
    return shutil.which("snmptrapd") or shutil.which("/usr/sbin/snmptrapd")


class Snmptrapd:
    """It runs while the block lasts, with no configuration but its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "snmptrapd.log"
        self.port = kernel.free_port(socket.SOCK_DGRAM)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        found = program()
        assert found is not None  # noqa: S101  (asked for before)
        self._folder.mkdir(parents=True, exist_ok=True)
        rules = self._folder / "snmptrapd.conf"
        rules.write_text("disableAuthorization yes\n")
        command = [found, "-f", "-On", "-n", "-Lf", str(self._log), "-C", "-c", str(rules)]
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            child = stack.enter_context(Child([*command, f"udp:127.0.0.1:{self.port}"], cwd=self._folder))
            wait_until(lambda: self._log.exists() and self._log.stat().st_size > 0, child, "snmptrapd", 10)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def taken(self) -> int:
        """How many traps are in its log."""
        with self._log.open("rb") as log:
            return sum(_MARK in line for line in log)
