"""`python -m fannel.lab.bench.pysnmp_receiver PORT`: pysnmp's receiver, counting what comes to its callback.

It says `ready`, then its count whenever a line comes on its input.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from contextlib import ExitStack
from typing import Any, Self

from fannel.lab.bench import kernel
from fannel.lab.bench.child import Child, answer
from fannel.lab.bench.datagrams import COMMUNITY


def installed() -> bool:
    """Whether pysnmp is there (it is a dependency of the tests alone)."""
    return importlib.util.find_spec("pysnmp") is not None


class PysnmpReceiver:
    """It runs while the block lasts."""

    def __init__(self) -> None:
        self.port = kernel.free_port(socket.SOCK_DGRAM)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._child = stack.enter_context(Child.module(__name__, self.port))
            self._child.answer(30)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def taken(self) -> int:
        """How many notifications reached the callback."""
        self._child.tell("count")
        return int(self._child.answer(30)["taken"])


async def _serve(port: int) -> None:
    from pysnmp.carrier.asyncio.dgram import udp  # noqa: PLC0415
    from pysnmp.entity import config, engine  # noqa: PLC0415
    from pysnmp.entity.rfc3413 import ntfrcv  # noqa: PLC0415

    taken = 0

    def received(*_: Any) -> None:  # noqa: ANN401  (pysnmp's seven arguments)
        nonlocal taken
        taken += 1

    snmp = engine.SnmpEngine()
    config.add_transport(snmp, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(("127.0.0.1", port)))
    config.add_v1_system(snmp, "area", COMMUNITY.decode())
    ntfrcv.NotificationReceiver(snmp, received)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answer(ready=True)
    while await reader.readline():
        answer(taken=taken)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
